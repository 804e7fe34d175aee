/* Two plug-ins with a libpq each, opened RTLD_LOCAL, that make their calls in turns: after each
 * step of the one it is the other's turn.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "turns.h"

/* The second begins when the first is so far ahead that they do not wait for each other in
 * the server: both make the same role, and the same large objects. */
enum { LEAD = 60 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t passed;
	int turn, lead;
	bool is_done[2];
} game = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, LEAD, { false, false } };
static _Thread_local int self;

static void turn_await_locked(void)
{
	while (game.turn != self)
		pthread_cond_wait(&game.passed, &game.lock);
}

static void turn_pass_locked(void)
{
	if (!game.is_done[!self])
		game.turn = !self;
	pthread_cond_broadcast(&game.passed);
}

__attribute__((visibility("default"))) void take_turns(void)
{
	pthread_mutex_lock(&game.lock);
	if (game.lead > 0)
		game.lead--;
	else
		turn_pass_locked();
	turn_await_locked();
	pthread_mutex_unlock(&game.lock);
}

/* NULL when it could not. */
static void *play(void *path)
{
	void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	int (*talk)(void) = NULL;

	if (plugin)
		*(void **)&talk = dlsym(plugin, "plugin_talk");
	if (!talk)
		fprintf(stderr, "%s\n", dlerror());
	else
		talk();
	return talk;
}

static void *play_out(void *path)
{
	void *played = play(path);

	pthread_mutex_lock(&game.lock);
	game.is_done[self] = true;
	turn_pass_locked();
	pthread_mutex_unlock(&game.lock);
	return played;
}

static void *play_second(void *path)
{
	self = 1;
	pthread_mutex_lock(&game.lock);
	turn_await_locked();
	pthread_mutex_unlock(&game.lock);
	return play_out(path);
}

int main(int argc, char **argv)
{
	void *first, *second = NULL;
	pthread_t thread;

	if (argc != 3 || pthread_create(&thread, NULL, play_second, argv[2]) != 0)
		return 2;
	first = play_out(argv[1]);
	pthread_join(thread, &second);
	return first && second ? 0 : 1;
}

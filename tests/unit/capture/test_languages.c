/* A thread that comes while another one looks for an interpreter has frames all the same. */
#include "capture/languages.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <cmocka.h>

#include "capture/gate.h"
#include "capture/objects.h"
#include "frames/symbols.h"

static pthread_barrier_t first_is_inside;
static atomic_int looking, attached;

uint64_t objects_generation(void)
{
	return 7;
}

bool symbols_have_homes(void)
{
	return true;
}

void gate_enter(void)
{
}

void gate_leave(void)
{
}

/* Finds it once the other thread is here, too, or has gone by. */
static enum language_state attach(void)
{
	if (looking++ == 0) {
		pthread_barrier_wait(&first_is_inside);
		while (looking < 2 && attached == 0)
			sched_yield();
	}
	return LANGUAGE_READY;
}

static size_t walk(struct language_frame *frames, size_t max, bool *ret_is_truncated)
{
	(void)max;
	*ret_is_truncated = false;
	frames[0] = (struct language_frame){ .code = 1 };
	return 1;
}

const struct language ruby = {
	.id = LEDGER_RUBY, .name = "Ruby", .attach = attach, .walk = walk,
};

static size_t count_frames(void)
{
	struct language_frame frames[1];
	bool is_truncated = false;
	size_t count;

	languages_attach();
	attached++;
	languages_walk(frames, 1, &count, &is_truncated);
	return count;
}

static void *first_run(void *ret_count)
{
	*(size_t *)ret_count = count_frames();
	return NULL;
}

static void both_threads_have_frames(void **state)
{
	size_t first = 0, second;
	pthread_t thread;

	(void)state;
	pthread_barrier_init(&first_is_inside, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, first_run, &first), 0);
	pthread_barrier_wait(&first_is_inside);
	second = count_frames();
	pthread_join(thread, NULL);
	assert_int_equal(second, 1);
	assert_int_equal(first, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_threads_have_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

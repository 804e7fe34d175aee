/* Sixteen threads that all open their connection at the same moment, the first of the
 * process, and forget it; each DEPTH calls deep.
 */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdlib.h>

enum { CROWD = 16 };

static pthread_barrier_t barrier;
static int depth;

static int forget(int calls)
{
	/* Not the last thing it does: each call stays on the stack. */
	return calls ? forget(calls - 1) + 1 : PQconnectdb("") != NULL;
}

static void *run(void *argument)
{
	pthread_barrier_wait(&barrier);
	forget(depth);
	return argument;
}

int main(int count, char *arguments[])
{
	pthread_t threads[CROWD];

	depth = count > 1 ? atoi(arguments[1]) : 0;
	pthread_barrier_init(&barrier, NULL, CROWD);
	for (int i = 0; i < CROWD; i++)
		pthread_create(&threads[i], NULL, run, NULL);
	for (int i = 0; i < CROWD; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

#include "capture/scratch.h"

#include <pthread.h>

#include "base/memory.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct scratch *free_list; /* guarded by `lock` */

struct scratch *scratch_take(void)
{
	pthread_mutex_lock(&lock);
	struct scratch *scratch = free_list;

	if (scratch)
		free_list = scratch->next;
	pthread_mutex_unlock(&lock);
	return scratch ? scratch : memory_map(sizeof(*scratch));
}

void scratch_give(struct scratch *scratch)
{
	pthread_mutex_lock(&lock);
	scratch->next = free_list;
	free_list = scratch;
	pthread_mutex_unlock(&lock);
}

void scratch_reset(void)
{
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	free_list = NULL;
}

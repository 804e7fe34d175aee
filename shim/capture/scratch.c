#include "capture/scratch.h"

#include "base/memory.h"

/* So many are kept; a handler of the host's may capture in the middle of scratch_take. */
enum { KEPT_MAX = 16 };

static struct scratch *kept[KEPT_MAX];

struct scratch *scratch_take(void)
{
	for (int i = 0; i < KEPT_MAX; i++) {
		struct scratch *scratch = __atomic_load_n(&kept[i], __ATOMIC_RELAXED);

		if (scratch && (scratch = __atomic_exchange_n(&kept[i], NULL, __ATOMIC_ACQUIRE)))
			return scratch;
	}
	return memory_map(sizeof(struct scratch));
}

void scratch_give(struct scratch *scratch)
{
	for (int i = 0; i < KEPT_MAX; i++) {
		struct scratch *empty = NULL;

		if (__atomic_compare_exchange_n(&kept[i], &empty, scratch, false, __ATOMIC_RELEASE,
						__ATOMIC_RELAXED))
			return;
	}
	memory_unmap(scratch, sizeof(*scratch));
}

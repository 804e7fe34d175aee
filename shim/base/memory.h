/* Memory of our own, never the host's heap: whole pages from the kernel, zeroed.
 *
 * Where the kernel has none left (RLIMIT_AS), what the host's own call needs to go through,
 * and the report at its end, is lent from a small reserve.
 *
 * Context: any; async-signal-safe. Keeps errno.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/* NULL when there is none. Pages cost nothing before they are touched. */
void *memory_map(size_t size);

/* For the time of one call: from the kernel, else from the reserve, MEMORY_LENT_MAX bytes at
 * most. NULL when that is lent out, too. Given back with memory_unmap. */
enum { MEMORY_LENT_MAX = 24 << 10 };
void *memory_lend(size_t size);

/* `size` as given to memory_map or memory_lend; NULL is legal. */
void memory_unmap(void *memory, size_t size);

#endif

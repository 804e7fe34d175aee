/* Memory of our own, never the host's heap: whole pages from the kernel, zeroed.
 *
 * Context: any; async-signal-safe. Keeps errno.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/* NULL when there is none. Pages cost nothing before they are touched. */
void *memory_map(size_t size);

/* `size` as given to memory_map; NULL is legal. */
void memory_unmap(void *memory, size_t size);

#endif

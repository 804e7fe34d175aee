/* Memory that lives as long as a report: nothing is freed alone.
 *
 * Running out does not return: it jumps to where `arena_begin` was called, so that
 * what fills a report needs no error path of its own.
 */
#ifndef ANALYZE_ARENA_H
#define ANALYZE_ARENA_H

#include <setjmp.h>
#include <stddef.h>

struct arena {
	struct arena_block *blocks;
	jmp_buf empty;
};

/* NULL when out of memory. Caller frees with arena_free. */
struct arena *arena_new(void);
void arena_free(struct arena *arena);

/* False at first; true, a second time, when memory ran out meanwhile. The function
 * that calls this must not return before the arena's last use. */
#define arena_begin(arena) (setjmp((arena)->empty) != 0)

/* Zeroed, aligned for everything. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t count, size_t size);

char *arena_copy(struct arena *arena, const char *text);
char *arena_format(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A list that grows: makes room for one more item and returns it, zeroed. The items
 * may move. */
struct arena_list {
	void *items;
	size_t count, capacity;
};
void *arena_list_add(struct arena *arena, struct arena_list *list, size_t size);

/* Makes room for `more` items at once. */
void arena_list_reserve(struct arena *arena, struct arena_list *list, size_t size, size_t more);

#endif

#include "analyze/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64 * 1024 };

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	max_align_t bytes[];
};

struct arena *arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		free(block);
	}
	free(arena);
}

static struct arena_block *block_add(struct arena *arena, size_t size)
{
	struct arena_block *block;

	if (size < BLOCK_BYTES)
		size = BLOCK_BYTES;
	block = calloc(1, sizeof(*block) + size);
	if (!block)
		longjmp(arena->empty, 1);
	block->size = size;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->blocks;
	void *memory;

	if (size > SIZE_MAX / 2)
		longjmp(arena->empty, 1);
	size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (!block || block->size - block->used < size)
		block = block_add(arena, size);
	memory = (char *)block->bytes + block->used;
	block->used += size;
	return memory;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / 2 / size)
		longjmp(arena->empty, 1);
	return arena_alloc(arena, count * size);
}

char *arena_copy(struct arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(arena_alloc(arena, size), text, size);
}

char *arena_format(struct arena *arena, const char *format, ...)
{
	va_list list;
	int length;
	char *text;

	va_start(list, format);
	length = vsnprintf(NULL, 0, format, list);
	va_end(list);
	if (length < 0)
		longjmp(arena->empty, 1);
	text = arena_alloc(arena, (size_t)length + 1);
	va_start(list, format);
	vsnprintf(text, (size_t)length + 1, format, list);
	va_end(list);
	return text;
}

static void list_grow(struct arena *arena, struct arena_list *list, size_t size, size_t capacity)
{
	void *items = arena_array(arena, capacity, size);

	if (list->count)
		memcpy(items, list->items, list->count * size);
	list->items = items;
	list->capacity = capacity;
}

void arena_list_reserve(struct arena *arena, struct arena_list *list, size_t size, size_t more)
{
	size_t wanted = list->count + more, twice = list->capacity * 2;

	if (wanted > list->capacity)
		list_grow(arena, list, size, wanted > twice ? wanted : twice);
}

void *arena_list_add(struct arena *arena, struct arena_list *list, size_t size)
{
	if (list->count == list->capacity)
		list_grow(arena, list, size, list->capacity ? list->capacity * 2 : 8);
	return (char *)list->items + size * list->count++;
}

#include "capture/finished.h"

#include <assert.h>
#include <stddef.h>

#include "base/memory.h"

/* Chains of a hash table, over the ring of rows. Links are a row's number plus 1. */
struct finished_table {
	uint32_t next_row;
	uint16_t heads[FINISHED_MAX];
	uint16_t links[FINISHED_MAX];
	struct finished rows[FINISHED_MAX];
};

static uint16_t *head_of(struct finished_table *table, const PGconn *handle)
{
	uint64_t hash = (uint64_t)(uintptr_t)handle * 0x9e3779b97f4a7c15u;

	return &table->heads[hash >> 52];
}
static_assert(FINISHED_MAX == 1 << (64 - 52), "the hash is as wide as the table");

static struct finished *row_find(struct finished_table *table, const PGconn *handle)
{
	uint16_t link = table ? *head_of(table, handle) : 0;

	while (link && table->rows[link - 1].handle != handle)
		link = table->links[link - 1];
	return link ? &table->rows[link - 1] : NULL;
}

static void row_unlink(struct finished_table *table, struct finished *row)
{
	uint16_t number = (uint16_t)(row - table->rows + 1);
	uint16_t *link = head_of(table, row->handle);

	while (*link && *link != number)
		link = &table->links[*link - 1];
	if (*link)
		*link = table->links[number - 1];
	row->handle = NULL;
}

void finished_add(struct finished_list *list, const struct finished *finished)
{
	if (!list->table)
		list->table = memory_map(sizeof(*list->table));
	if (!list->table)
		return;
	struct finished_table *table = list->table;
	struct finished *known = row_find(table, finished->handle);
	uint32_t before = known ? known->closed_stack : 0;

	if (known)
		row_unlink(table, known);
	uint32_t number = table->next_row++ % FINISHED_MAX;
	struct finished *row = &table->rows[number];
	uint16_t *head = head_of(table, finished->handle);

	if (row->handle)
		row_unlink(table, row);
	*row = *finished;
	row->before = before;
	table->links[number] = *head;
	*head = (uint16_t)(number + 1);
}

void finished_reopen(struct finished_list *list, const PGconn *handle)
{
	struct finished *known = row_find(list->table, handle);

	if (known)
		known->is_open_again = true;
}

const struct finished *finished_find(const struct finished_list *list, const PGconn *handle)
{
	const struct finished *known = row_find(list->table, handle);

	return known && !known->is_open_again ? known : NULL;
}

void finished_disown(struct finished_list *list)
{
	for (uint32_t i = 0; list->table && i < FINISHED_MAX; i++) {
		struct finished *row = &list->table->rows[i];

		if (!row->handle)
			continue;
		row->id = 0;
		row->site = 0;
		row->closed_stack = 0;
		row->before = 0;
	}
}

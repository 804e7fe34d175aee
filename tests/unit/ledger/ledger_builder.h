/* Builds ledgers as a process would have left them, for the tests of those that read
 * them. Everything is asserted: a test that builds nonsense by accident stops.
 */
#ifndef LEDGER_BUILDER_H
#define LEDGER_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/layout.h"

enum { BUILDER_SECTION_BYTES = 1 << 20 };

struct ledger_builder {
	struct ledger_header header; /* sections' `used` is kept; the rest is the test's */
	unsigned char *section[LEDGER_SECTION_COUNT];
	uint64_t now_ns;             /* the ledger's clock */
};

/* A process `pid` that has ended by exit. Caller frees with builder_free. */
struct ledger_builder *builder_new(int pid);
void builder_free(struct ledger_builder *builder);

/* Each returns an id. */
uint32_t builder_string(struct ledger_builder *builder, const char *text);
uint32_t builder_module(struct ledger_builder *builder, const char *path, uint32_t flags);
uint32_t builder_call(struct ledger_builder *builder, const char *function);
uint32_t builder_native(struct ledger_builder *builder, uint32_t module, uint64_t offset);
uint32_t builder_python(struct ledger_builder *builder, const char *function, const char *file,
			uint32_t line);
uint32_t builder_stack(struct ledger_builder *builder, const uint32_t *frames, size_t count);
uint32_t builder_pool(struct ledger_builder *builder, const char *library, const char *type);
uint32_t builder_site(struct ledger_builder *builder, uint32_t stack);

/* Frames up to the first 0. */
#define BUILDER_STACK(builder, ...) \
	builder_stack_of(builder, (const uint32_t[]){ __VA_ARGS__, 0 })
uint32_t builder_stack_of(struct ledger_builder *builder, const uint32_t *frames);

/* Appends a zeroed record of `size` bytes, padded. */
void *builder_append(struct ledger_builder *builder, enum ledger_section_kind kind, size_t size,
		     uint32_t *ret_id);

/* A record by its id, to look at and to change. */
void *builder_record(struct ledger_builder *builder, enum ledger_section_kind kind, uint32_t id);

/* Opens a connection to postgres@127.0.0.1:5432/app at a site, one second later, idle;
 * counts it. `pool` may be 0. */
uint32_t builder_open(struct ledger_builder *builder, uint32_t site, uint32_t pool);
/* The connect fails. */
void builder_fail(struct ledger_builder *builder, uint32_t connection, const char *sqlstate);
void builder_begin(struct ledger_builder *builder, uint32_t connection, uint32_t stack);
/* PQfinish, one second later; counts it, and sums it up. */
void builder_finish(struct ledger_builder *builder, uint32_t connection, unsigned evidence,
		    uint32_t stack, const char *called);
uint32_t builder_misuse(struct ledger_builder *builder, enum ledger_misuse_kind kind,
			uint32_t connection, uint32_t stack);

/* What tells a running process from a later one of the same pid. */
uint64_t builder_start_ticks(int pid);

/* Writes the ledger to `path`, or to a new file under /tmp whose name is returned; the
 * caller frees it, and removes the file. */
void builder_write_to(struct ledger_builder *builder, const char *path);
char *builder_write(struct ledger_builder *builder);

#endif

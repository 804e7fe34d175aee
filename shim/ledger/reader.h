/* Reads a ledger in another process: one that runs, has ended, or was killed.
 *
 * Every byte is untrusted. What is asked for by an id that does not exist is
 * NULL or empty, never a crash. The file is copied into memory once at
 * `reader_open`, so that a report is of one moment; records that the writer was inside
 * of are marked torn, not dropped.
 *
 * Context: the companion only; uses malloc.
 */
#ifndef LEDGER_READER_H
#define LEDGER_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/layout.h"

struct reader;

enum reader_error {
	READER_OK,
	READER_CANNOT_OPEN,   /* errno says why; a symbolic link is refused */
	READER_NOT_A_LEDGER,  /* wrong magic, or byte order */
	READER_NEWER,         /* `version` is beyond LEDGER_VERSION */
	READER_TRUNCATED,     /* ends within the header or the section table */
	READER_CORRUPT,       /* the section table contradicts itself or the file */
	READER_FOREIGN        /* belongs to another user, and we are not root */
};

/* Opens the ledger at `path`, with "-" the one on standard input. Returns NULL on error,
 * with *ret_error set. Caller frees with reader_free. */
struct reader *reader_open(const char *path, enum reader_error *ret_error);
void reader_free(struct reader *reader);

/* One clear clause for an error: "is not a ledger". */
const char *reader_error_text(enum reader_error error);

const struct ledger_header *reader_header(const struct reader *reader);
const char *reader_path(const struct reader *reader);

/* Records in a section (for strings and stacks: 0). */
size_t reader_count(const struct reader *reader, enum ledger_section_kind kind);

/* Records that were torn or had ids out of bounds, in everything read so far. */
size_t reader_damaged(const struct reader *reader);

/* By id; "" for 0 or a bad id. Valid until reader_free. */
const char *reader_string(const struct reader *reader, uint32_t id);

/* By id; NULL for 0 or a bad id. Valid until reader_free. */
const struct ledger_module *reader_module(const struct reader *reader, uint32_t id);
const struct ledger_frame *reader_frame(const struct reader *reader, uint32_t id);
const struct ledger_pool *reader_pool(const struct reader *reader, uint32_t id);
const struct ledger_site *reader_site(const struct reader *reader, uint32_t id);
const struct ledger_connection *reader_connection(const struct reader *reader, uint32_t id);
const struct ledger_ending *reader_ending(const struct reader *reader, uint32_t id);
const struct ledger_misuse *reader_misuse(const struct reader *reader, uint32_t id);
const struct ledger_result *reader_result(const struct reader *reader, uint32_t id);

/* True when the record's `sequence` was odd or changed while it was copied. */
bool reader_is_torn(const struct reader *reader, enum ledger_section_kind kind, uint32_t id);

struct reader_stack {
	const uint32_t *frames; /* ids, innermost first */
	size_t frame_count;
	bool is_truncated;
};

/* By id; an empty stack for 0 or a bad id. */
struct reader_stack reader_stack(const struct reader *reader, uint32_t id);

/* Is the process that wrote it still there (pid and start ticks)? */
bool reader_is_alive(const struct reader *reader);

/* Is it, and does its first thread, whose /proc/PID/fd is the process's, still have
 * descriptors? One that is about to end has none. */
bool reader_has_descriptors(const struct reader *reader);

/* Has nobody changed the connection's record since it was copied? False also when the file
 * cannot be read again. */
bool reader_is_current(const struct reader *reader, uint32_t connection);

#endif

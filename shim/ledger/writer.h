/* Writes this process's ledger: the file, its growth, and the sections.
 *
 * Records are made by ledger/records.h and ledger/connections.h on top of this.
 *
 * Context: one lock of the caller's around everything but ledger_end; not
 * async-signal-safe unless said. Keeps errno.
 */
#ifndef LEDGER_WRITER_H
#define LEDGER_WRITER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/index.h"
#include "ledger/layout.h"

/* Finished connections that keep their slot while others could still be appended. */
enum { LEDGER_ENDED_MAX = 4096 };

/* Host, port, database, user, application name. */
enum { LEDGER_IDENTITY_TEXTS = 5 };

enum { LEDGER_PAGE = 4096 };

struct ledger {
	struct ledger_header *header; /* NULL: no ledger */
	uint64_t reserved[LEDGER_SECTION_COUNT]; /* bytes that may be touched */
	bool is_private; /* in our own memory only: nobody else can read it */
	int private_error; /* errno that made it so */
	int dir_error;     /* errno for which the directory that was asked for is not used */
	char path[PATH_MAX];
	struct index strings, modules, frames, sites, pools, endings, results;
	struct index lost_sites; /* opening stacks that have no site of their own */
	uint32_t rest_site;      /* theirs, and stack 0's; 0 not needed so far */
	uint32_t recent_identity[LEDGER_IDENTITY_TEXTS]; /* strings, see ledger_repeat_string */
	uint32_t recent_ending; /* whose story was told last; 0 none */
	uint32_t *ended; /* ring of ENDED slots, oldest at ended_first; room for every slot */
	uint32_t ended_first, ended_count, ended_capacity;
};

/* Begins a ledger of at most `size_max` bytes in the directory that `dir_option`
 * leads to (base/place.h), in the default place when that one cannot be used
 * (`dir_error`), or in private memory when no file can be had (`is_private`,
 * `private_error`). Where the address space is limited it takes no more than a quarter
 * of what is left. Returns 0, or -ENOMEM. `command` and `executable` are copied. */
int ledger_open(struct ledger *ledger, const char *dir_option, uint64_t size_max,
		const char *command, const char *executable);

/* Says how the process ended. Context: any, signal handlers included; no lock. */
void ledger_end(struct ledger *ledger, enum ledger_process_end end);

/* A descriptor of a memory file with all that is recorded, for a reader to whom a
 * private ledger is shown; close-on-exec, the caller closes it. Returns -Exxx when
 * there is none, -EFBIG past RLIMIT_FSIZE. Context: any, signal handlers included;
 * no lock: what is written meanwhile may be torn. Keeps errno. */
int ledger_copy(const struct ledger *ledger);

/* Gives memory back and forgets the file; its bytes stay. In a forked child this
 * leaves the parent's ledger as it is. */
void ledger_forget(struct ledger *ledger);

/* Room for `size` more bytes at the end of a section; NULL when it is full, which
 * counts as lost. They are not part of it before ledger_publish. */
void *ledger_room(struct ledger *ledger, enum ledger_section_kind kind, size_t size);
void ledger_publish(struct ledger *ledger, enum ledger_section_kind kind, size_t size);

/* The record with `id` > 0. */
void *ledger_record(const struct ledger *ledger, enum ledger_section_kind kind, uint32_t id);

/* Its id; 0 for NULL. */
static inline uint32_t ledger_id(const struct ledger *ledger, enum ledger_section_kind kind,
				 const void *record)
{
	const struct ledger_section *section = &ledger->header->section[kind];
	const char *first = (const char *)ledger->header + section->offset;

	return record ? (uint32_t)((size_t)((const char *)record - first) /
				   section->record_size) + 1 : 0;
}

/* Around every change of a record that begins with `sequence`. Should two writers meet, what
 * is read between may be mixed, but the last one leaves it even. */
void ledger_change_begin(uint32_t *sequence);
void ledger_change_end(uint32_t *sequence);

#endif

/* The bytes of a ledger, copied once, at one moment: the header and the used part
 * of each section. Checks what bounds the copy; ids inside of records are the
 * reader's to check.
 *
 * Context: the companion only; uses malloc.
 */
#ifndef LEDGER_SNAPSHOT_H
#define LEDGER_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger/layout.h"
#include "ledger/reader.h"

enum { LEDGER_UNIT_BYTES = 8 }; /* strings and stacks are counted in these */

enum { SNAPSHOT_ALL = (1 << LEDGER_SECTION_COUNT) - 1 };

struct snapshot_section {
	unsigned char *bytes; /* aligned for every record */
	size_t used;          /* bytes that are there */
	bool *is_torn;        /* by record; NULL where records are never updated */
	size_t missing;       /* records that `used` promised and the file lacks */
};

struct snapshot {
	struct ledger_header header;
	struct snapshot_section section[LEDGER_SECTION_COUNT];
};

/* Copies the ledger open at `fd` into a zeroed `snapshot`: the header, and of the sections
 * those in `kinds` (1 << enum ledger_section_kind), the others stay empty. On READER_CANNOT_OPEN
 * errno says why. Caller frees with snapshot_finish, also after an error. */
enum reader_error snapshot_init(struct snapshot *snapshot, int fd, unsigned kinds);
void snapshot_finish(struct snapshot *snapshot);

/* Bytes of a section's records; LEDGER_UNIT_BYTES for strings and stacks. */
size_t snapshot_record_size(enum ledger_section_kind kind);

#endif

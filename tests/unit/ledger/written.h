/* A ledger that the writer writes in a directory of the test's own, and what the reader
 * makes of it. Everything is asserted.
 */
#ifndef LEDGER_WRITTEN_H
#define LEDGER_WRITTEN_H

#include <limits.h>
#include <stdint.h>

#include "ledger/reader.h"
#include "ledger/writer.h"

enum { WRITTEN_SIZE = 1 << 20 };

struct written {
	struct ledger ledger;
	char directory[PATH_MAX];
};

/* Begins one of `size` bytes. */
struct written *written_new(uint64_t size);

/* Opens its file as the companion does; the caller frees. */
struct reader *written_read(const struct written *written);

/* Forgets the ledger, and removes the file and the directory. */
void written_free(struct written *written);

/* For the tests' tables: asserts that there was room. */
uint32_t written_string(struct written *written, const char *text);
uint32_t written_stack(struct written *written, uint32_t hash);

/* Adds a connection whose fields derive from `number`, so that a wrong one is seen. */
uint32_t written_connection(struct written *written, uint64_t number, uint32_t site, uint32_t pool);

/* Adds some of each kind of record, two connections among them; what finds no room is
 * lost. */
void written_fill(struct ledger *ledger, uint32_t round);

#endif

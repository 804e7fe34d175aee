/* The ledger's append-only records, each stored once.
 *
 * Every function returns an id, 0 when there is no room (counted as lost).
 * Context: as ledger/writer.h.
 */
#ifndef LEDGER_RECORDS_H
#define LEDGER_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/layout.h"
#include "ledger/writer.h"

/* Appends a copy of a record of fixed size. */
uint32_t ledger_append(struct ledger *ledger, enum ledger_section_kind kind, const void *record);

/* Copies `text`, which need not end with 0; longer than UINT16_MAX bytes it is lost. The
 * empty string is 0, as is none. */
uint32_t ledger_add_string(struct ledger *ledger, const char *text, size_t length);

/* As ledger_add_string of a text that ends with 0, or NULL, which is 0. `*recent` is the id of
 * the last such text, or 0: most often it is the same one. */
uint32_t ledger_repeat_string(struct ledger *ledger, const char *text, uint32_t *recent);

/* Is `text` the one that `*recent` stands for, which is then in *ret_id? Context: no lock is
 * needed, in the process whose ledger it is: strings stay as they are. */
bool ledger_is_recent(const struct ledger *ledger, const char *text, const uint32_t *recent,
		      uint32_t *ret_id);

/* Copies. Equal: same place in memory, same path, same build-id. */
uint32_t ledger_add_module(struct ledger *ledger, const struct ledger_module *module);

uint32_t ledger_add_frame(struct ledger *ledger, const struct ledger_frame *frame);

/* Stores a new stack; that it is new is the depot's to know. */
uint32_t ledger_add_stack(struct ledger *ledger, uint32_t hash, const uint32_t *frames,
			  size_t count, enum ledger_stack_flag flags);

/* Files a misuse; those of one kind and stack are counted together, with the first's time
 * and connection; those of an inherited connection a connection each. */
uint32_t ledger_add_misuse(struct ledger *ledger, const struct ledger_misuse *misuse);

/* A mix of `length` bytes that end on 8, for tables only. */
uint32_t ledger_hash(const void *bytes, size_t length);

#endif

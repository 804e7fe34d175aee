/* Why a report is made: rows of reasons.def. The shim tells the companion by its word. */
#ifndef BASE_REASON_H
#define BASE_REASON_H

#include <stdbool.h>

enum reason {
#define REASON(name, word) REASON_##name,
#include "base/reasons.def"
#undef REASON
	REASON_COUNT
};

/* "exhaustion". Context: any. */
const char *reason_word(enum reason reason);

/* Reads a word, and what follows a colon, which is the reason's detail: an SQLSTATE. False
 * when there is no such word. */
bool reason_read(const char *text, enum reason *ret_reason, const char **ret_detail);

/* Is it about a process that goes on? */
bool reason_is_live(enum reason reason);

/* Is it about who holds connections? */
bool reason_is_about_holders(enum reason reason);

#endif

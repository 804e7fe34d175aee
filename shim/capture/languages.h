/* The languages of this process: one row of languages.def, one file in frames/.
 *
 * A language asks the loader, also later, whether its interpreter is still there: fork
 * waits until nobody is inside (gate.h).
 * Context: any thread, no lock of ours held; not async-signal-safe. Keeps errno.
 */
#ifndef CAPTURE_LANGUAGES_H
#define CAPTURE_LANGUAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frames/language.h"

/* Finds those that this process runs; asks again when objects were loaded. Returns those
 * that are not read, as ledger_header.unread_languages. */
uint32_t languages_attach(void);

/* The name of the first language whose version this build cannot read; NULL none. */
const char *languages_unsupported(void);

/* The frames of this thread, and whose they are; NULL when it runs none. Sets
 * *is_truncated when there were more than `max`, else leaves it. */
const struct language *languages_walk(struct language_frame *frames, size_t max,
				      size_t *ret_count, bool *is_truncated);

/* The first `max` of these frames, where a stack address is not asked for: cheaper. */
const struct language *languages_look(struct language_frame *frames, size_t max,
				      size_t *ret_count);

/* What names the frames of a moment: equal numbers of one epoch are equal frames. */
struct languages_mark {
	uint64_t number, epoch;
	size_t count;
	bool can_look; /* languages_look reads less than a walk does */
};

/* That of the frames languages_walk would find, at most `max` of them, without filling them
 * in. False when only a walk can tell. */
bool languages_mark(size_t max, struct languages_mark *ret);

/* What `language` is doing in this moment; NULL: the first one that is there, which runs no
 * frame, as at its shutdown. Returns whose moment it is, NULL when there is none. */
const struct language *languages_read_moment(const struct language *language,
					     const struct language_frame *frames, size_t count,
					     struct language_moment *ret);

/* Is an interpreter shutting down? */
bool languages_are_finalizing(void);

#endif

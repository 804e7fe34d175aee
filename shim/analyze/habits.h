/* What a site's connections, those on record, tell of the program's habits: by their times,
 * their threads and the lines that used them last. When the connections are sorted.
 */
#ifndef ANALYZE_HABITS_H
#define ANALYZE_HABITS_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/sites.h"

enum { HABIT_MIN = 3 /* as often as that it is one */ };

/* Of the connections that stand now, those in a transaction that their thread left behind:
 * it has opened another one at the same lines since it used this one last. Without those
 * beyond PQLEAK_MAX_TRANSACTION; none where a thread runs many tasks (tasks.def): each may
 * be waiting. */
uint64_t habit_left_in_transaction(const struct site *site);

/* Of the connections that stand now, those whose thread has ended, and no other used them;
 * 0 unless each came from a thread of its own, and one of them lay unused when the next was
 * opened: a pool would have given that one. */
uint64_t habit_left_by_threads(const struct site *site);

/* Were those that the program did not close opened by as many threads? */
bool habit_is_thread_each(const struct site *site);

/* Did one thread open them, each after it had used the one before for the last time? */
bool habit_is_reconnecting(const struct site *site);

/* Was the first of them used last by a line of the program with LISTEN in it? */
bool habit_is_listening(const struct site *site);

/* Was the first of them used last by the head of the Python `with` block that opened it? Python
 * gives the end of a block the line of its head. */
bool habit_is_with_block(const struct site *site);

/* Did each process open only one? */
bool habit_is_one_kept(const struct site *site);

#endif

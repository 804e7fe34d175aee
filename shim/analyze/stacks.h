/* The stacks of one ledger, with names: native frames by the symbolizer, inlined
 * callers as frames of their own, code that a just-in-time compiler made by the
 * process's perf map; each frame with its library, and the program's own
 * frames marked. Each stack is made once.
 */
#ifndef ANALYZE_STACKS_H
#define ANALYZE_STACKS_H

#include "analyze/arena.h"
#include "analyze/report.h"
#include "ledger/reader.h"
#include "symbolize/symbolizer.h"

struct stacks;

/* Keeps all three by reference; `symbolizer` may be NULL: native frames without names.
 * `is_brief`: where nobody reads them, libc's frames have names and no lines. */
struct stacks *stacks_new(struct arena *arena, const struct reader *reader,
			  struct symbolizer *symbolizer, bool is_brief);

/* Lets go of what only finding needs. Stacks that were found stay. */
void stacks_finish(struct stacks *stacks);

/* By the ledger's id; an empty stack for 0 or a bad id. */
const struct report_stack *stacks_find(struct stacks *stacks, uint32_t id);

/* The same of a stack at which connections end, and no others. */
const struct report_stack *stacks_find_close(struct stacks *stacks, uint32_t id);

/* Of the stacks found so far, as 1 << enum ledger_language: whose interpreters run in
 * them, and whose frames are in them. */
unsigned stacks_interpreters(const struct stacks *stacks);
unsigned stacks_languages(const struct stacks *stacks);

/* Why modules gave no names, each module once: struct report_nameless. */
const struct arena_list *stacks_nameless(const struct stacks *stacks);

#endif

/* Which frames of a stack are the program's own. */
#ifndef ANALYZE_USER_LINE_H
#define ANALYZE_USER_LINE_H

#include <stddef.h>

#include "analyze/owner.h"
#include "analyze/report.h"

struct owned_frame {
	struct report_frame frame;
	enum owner owner;
	bool is_native;
	bool is_call; /* the wrapped call itself */
};

/* Code that a library generates has no path ("<string>"): between two frames of one
 * library it is that library's. Interpreters are no such libraries: they call, in
 * threads, what the program gave them. Before user_line_mark. */
void generated_code_mark(struct owned_frame *frames, size_t count);

/* Sets is_user in all frames of a stack. The program's own language frames count;
 * without any, those of packages that are no known libraries; without those, the
 * native frames that are the program's own. Outside of a library's worker
 * (workers.def) nothing is. */
void user_line_mark(struct owned_frame *frames, size_t count);

/* The innermost frame of the program's own; NULL when there is none. */
const struct report_frame *user_line_find(const struct report_stack *stack);

/* Is the library on the way from the program's line to libpq? */
bool user_line_is_above(const struct report_stack *stack, const char *library);

/* The same, but NULL also where that frame only runs an event loop (loops.def) whose task
 * came to the stack's end through libraries alone. */
const struct report_frame *user_line_inside_loop(const struct report_stack *stack);

/* Whom to name for a stack: the innermost frame of the program's own; without one, the
 * innermost of `library` (a pool opens connections in threads of its own; "" none), of
 * any language, with a name, that is not libpq's. NULL only for an empty stack. */
const struct report_frame *user_line_stand_in(const struct report_stack *stack,
					      const char *library);

#endif

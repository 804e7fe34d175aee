/* Stacks, and lines of the program, as JSON values. */
#ifndef RENDER_JSON_STACK_H
#define RENDER_JSON_STACK_H

#include "analyze/report.h"
#include "render/emitter.h"

/* Its frames, innermost first. */
json_t *json_stack(struct emitter *emitter, const struct report_stack *stack);

/* The same as a member of an object, written behind others. */
void json_stack_dump(struct emitter *emitter, const char *key, const struct report_stack *stack);

/* With the text of the line, "" unknown. */
json_t *json_user_line(struct emitter *emitter, const struct report_frame *line,
		       const char *source);

#endif

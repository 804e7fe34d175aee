#include "render/json_result.h"

#include "render/json_stack.h"

json_t *json_result(struct emitter *emitter, const struct report_result *result)
{
	json_t *object = json_object();

	emitter_add_text(emitter, object, "kind", result->kind);
	emitter_add_text(emitter, object, "verdict", verdict_name(result->verdict));
	emitter_add_text(emitter, object, "diagnosis", result->diagnosis);
	emitter_add_text(emitter, object, "cure", result->cure);
	emitter_add_text(emitter, object, "fingerprint", result->fingerprint);
	emitter_add_flag(emitter, object, "is_suppressed", result->is_suppressed);
	emitter_add_signed(emitter, object, "pid", result->pid);
	emitter_add(emitter, object, "user_line",
		    json_user_line(emitter, &result->user_line, result->user_source));
	emitter_add(emitter, object, "stack", json_stack(emitter, &result->stack));
	emitter_add_flag(emitter, object, "is_truncated", result->stack.is_truncated);
	emitter_add_number(emitter, object, "made", result->made);
	emitter_add_number(emitter, object, "freed", result->freed);
	emitter_add_number(emitter, object, "open", result->open);
	emitter_add_number(emitter, object, "peak", result->peak);
	emitter_add_moment(emitter, object, "first_at", result->first_at_ns);
	emitter_add_moment(emitter, object, "last_at", result->last_at_ns);
	return object;
}

#include "render/json_limits.h"

#include "render/json_pool.h"

static json_t *over_value(struct emitter *emitter, const struct report_after_all *over)
{
	bool is_known = *over->line.function || *over->line.file;
	json_t *object = json_object();

	emitter_add_text(emitter, object, "what",
			 over->is_transaction ? "transaction" : "connection");
	emitter_add_number(emitter, object, "count", over->count);
	emitter_add_signed(emitter, object, "pid", over->pid);
	emitter_add_signed(emitter, object, "backend_pid", over->backend_pid);
	emitter_add_number(emitter, object, "lasted_ns", over->lasted_ns);
	emitter_add(emitter, object, "place", json_place(emitter, is_known ? &over->line : NULL));
	return object;
}

json_t *json_after_all(struct emitter *emitter, const struct report *report)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->after_all_count; i++)
		emitter_append(emitter, array, over_value(emitter, &report->after_all[i]));
	return array;
}

#include "render/json_pool.h"

json_t *json_place(struct emitter *emitter, const struct report_frame *frame)
{
	json_t *object;

	if (!frame)
		return json_null();
	object = json_object();
	emitter_add_text(emitter, object, "function", frame->function);
	emitter_add_text(emitter, object, "file", frame->file);
	emitter_add_number(emitter, object, "line", frame->line);
	return object;
}

json_t *json_pool_state(enum pool_state state)
{
	const char *name = pool_state_name(state);

	return name ? json_string(name) : json_null();
}

json_t *json_pool(struct emitter *emitter, const struct report_pool *pool)
{
	json_t *object = json_object(), *holders = json_array();
	const uint64_t *count = pool->count;

	for (size_t i = 0; i < pool->holder_count; i++) {
		const struct report_holder *row = &pool->holders[i];
		json_t *holder = json_object();

		emitter_add(emitter, holder, "pool_state", json_pool_state(row->state));
		emitter_add(emitter, holder, "by", json_place(emitter, row->by));
		emitter_add_number(emitter, holder, "count", row->count);
		emitter_add_number(emitter, holder, "min_ns", row->min_ns);
		emitter_add_number(emitter, holder, "max_ns", row->max_ns);
		emitter_append(emitter, holders, holder);
	}
	emitter_add_number(emitter, object, "number", pool->number);
	emitter_add_text(emitter, object, "library", pool->library);
	emitter_add_text(emitter, object, "type", pool->type);
	emitter_add_text(emitter, object, "target", pool->target);
	emitter_add_signed(emitter, object, "pid", pool->pid);
	emitter_add_number(emitter, object, "opened", pool->opened);
	emitter_add_number(emitter, object, "peak_open", pool->peak_open);
	emitter_add_number(emitter, object, "open", count[POOL_STATE_IDLE] +
			   count[POOL_STATE_CHECKED_OUT] + count[POOL_STATE_UNKNOWN]);
	emitter_add_number(emitter, object, "idle", count[POOL_STATE_IDLE]);
	emitter_add_number(emitter, object, "checked_out", count[POOL_STATE_CHECKED_OUT]);
	emitter_add_number(emitter, object, "unknown", count[POOL_STATE_UNKNOWN]);
	emitter_add(emitter, object, "holders", holders);
	return object;
}

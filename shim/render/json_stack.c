#include "render/json_stack.h"

#include <errno.h>

#include "render/frame_texts.h"

static json_t *frame_value(struct emitter *emitter, const struct report_frame *frame)
{
	json_t *object = json_object();

	emitter_add_text(emitter, object, "language", frame->language);
	emitter_add_text(emitter, object, "function", frame->function);
	emitter_add_text(emitter, object, "file", frame->file);
	emitter_add_number(emitter, object, "line", frame->line);
	emitter_add_text(emitter, object, "module", frame->module);
	emitter_add_text(emitter, object, "build_id", frame->build_id);
	emitter_add_number(emitter, object, "offset", frame->offset);
	emitter_add_text(emitter, object, "library", frame->library);
	emitter_add_flag(emitter, object, "is_user", frame->is_user);
	return object;
}

json_t *json_stack(struct emitter *emitter, const struct report_stack *stack)
{
	json_t *array = json_array();

	for (size_t i = 0; i < stack->count; i++)
		emitter_append(emitter, array, frame_value(emitter, &stack->frames[i]));
	return array;
}

static const char *frame_text(struct emitter *emitter, const struct report_frame *frame)
{
	const char *known = frame_texts_find(&emitter->frames, frame);
	json_t *value;
	char *text;

	if (known)
		return known;
	value = frame_value(emitter, frame);
	text = json_dumps(value, JSON_COMPACT);
	json_decref(value);
	return text ? frame_texts_add(&emitter->frames, frame, text) : NULL;
}

void json_stack_dump(struct emitter *emitter, const char *key, const struct report_stack *stack)
{
	emitter_put(emitter, ",\"");
	emitter_put(emitter, key);
	emitter_put(emitter, "\":[");
	for (size_t i = 0; i < stack->count; i++) {
		const char *text = frame_text(emitter, &stack->frames[i]);

		if (!text) {
			emitter_fail(emitter, -ENOMEM);
			break;
		}
		emitter_put(emitter, i ? "," : "");
		emitter_put(emitter, text);
	}
	emitter_put(emitter, "]");
}

json_t *json_user_line(struct emitter *emitter, const struct report_frame *line,
		       const char *source)
{
	json_t *object = json_object();

	emitter_add_text(emitter, object, "function", line->function);
	emitter_add_text(emitter, object, "file", line->file);
	emitter_add_number(emitter, object, "line", line->line);
	emitter_add_text(emitter, object, "source", source);
	return object;
}

#include "render/emitter.h"

#include <errno.h>
#include <string.h>

#include "render/utf8.h"

void emitter_fail(struct emitter *emitter, int error)
{
	if (!emitter->error)
		emitter->error = error;
}

static void write_out(struct emitter *emitter, const char *bytes, size_t size)
{
	errno = 0;
	if (!emitter->error && fwrite(bytes, 1, size, emitter->out) != size)
		emitter_fail(emitter, errno ? -errno : -EIO);
}

/* As jansson wants it: 0, or -1 after an error. */
static int hold(const char *bytes, size_t size, void *data)
{
	struct emitter *emitter = data;

	if (size > EMITTER_BYTES - emitter->held) {
		write_out(emitter, emitter->bytes, emitter->held);
		emitter->held = 0;
	}
	if (size > EMITTER_BYTES) {
		write_out(emitter, bytes, size);
	} else {
		memcpy(emitter->bytes + emitter->held, bytes, size);
		emitter->held += size;
	}
	return emitter->error ? -1 : 0;
}

void emitter_put(struct emitter *emitter, const char *text)
{
	hold(text, strlen(text), emitter);
}

void emitter_dump(struct emitter *emitter, json_t *value, size_t flags)
{
	if (!value || json_dump_callback(value, hold, emitter, JSON_COMPACT | flags))
		emitter_fail(emitter, -ENOMEM);
	json_decref(value);
}

void emitter_add(struct emitter *emitter, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new_nocheck(object, key, value))
		emitter_fail(emitter, -ENOMEM);
}

void emitter_append(struct emitter *emitter, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		emitter_fail(emitter, -ENOMEM);
}

/* A copy in which each byte that is no UTF-8 is U+FFFD: jansson refuses others. */
static json_t *repaired_text(const char *text)
{
	char *copy = malloc(3 * strlen(text) + 1);
	char *end = copy;
	json_t *value;
	uint32_t code;

	if (!copy)
		return NULL;
	while (*text) {
		size_t length = utf8_read(text, &code);

		memcpy(end, length ? text : "\xef\xbf\xbd", length ? length : 3);
		end += length ? length : 3;
		text += length ? length : 1;
	}
	value = json_stringn(copy, (size_t)(end - copy));
	free(copy);
	return value;
}

void emitter_add_text(struct emitter *emitter, json_t *object, const char *key, const char *text)
{
	json_t *value = json_string(text);

	emitter_add(emitter, object, key, value ? value : repaired_text(text));
}

/* jansson's numbers are signed. Beyond them lies only what a corrupt ledger says. */
void emitter_add_number(struct emitter *emitter, json_t *object, const char *key, uint64_t number)
{
	if (number > INT64_MAX)
		number = INT64_MAX;
	emitter_add(emitter, object, key, json_integer((json_int_t)number));
}

void emitter_add_signed(struct emitter *emitter, json_t *object, const char *key, int number)
{
	emitter_add(emitter, object, key, json_integer(number));
}

void emitter_add_flag(struct emitter *emitter, json_t *object, const char *key, bool flag)
{
	emitter_add(emitter, object, key, json_boolean(flag));
}

void emitter_add_moment(struct emitter *emitter, json_t *object, const char *key, uint64_t at_ns)
{
	if (at_ns)
		emitter_add_number(emitter, object, key, at_ns);
	else
		emitter_add(emitter, object, key, json_null());
}

int emitter_finish(struct emitter *emitter)
{
	write_out(emitter, emitter->bytes, emitter->held);
	emitter->held = 0;
	errno = 0;
	if (fflush(emitter->out))
		emitter_fail(emitter, errno ? -errno : -EIO);
	frame_texts_finish(&emitter->frames);
	return emitter->error;
}

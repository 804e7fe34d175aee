/* Builds JSON values and writes them to a stream; remembers the first failure, of
 * memory or of a write, so that the callers need not look at every call.
 */
#ifndef RENDER_EMITTER_H
#define RENDER_EMITTER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "render/frame_texts.h"

enum { EMITTER_BYTES = 16 << 10 };

struct emitter {
	FILE *out;
	struct frame_texts frames; /* json_stack.c's */
	int error; /* 0, or the first -Exxx */
	/* jansson writes a value in pieces of a few bytes. */
	size_t held;
	char bytes[EMITTER_BYTES];
};

/* The first failure counts. */
void emitter_fail(struct emitter *emitter, int error);

/* Text as it is. */
void emitter_put(struct emitter *emitter, const char *text);

/* Writes `value`, NULL being out of memory, and lets it go. JSON_EMBED leaves out
 * its own brackets. */
void emitter_dump(struct emitter *emitter, json_t *value, size_t flags);

/* Takes `value`. */
void emitter_add(struct emitter *emitter, json_t *object, const char *key, json_t *value);
void emitter_append(struct emitter *emitter, json_t *array, json_t *value);

/* `text` may be any bytes: what is no UTF-8 becomes U+FFFD. */
void emitter_add_text(struct emitter *emitter, json_t *object, const char *key, const char *text);
void emitter_add_number(struct emitter *emitter, json_t *object, const char *key, uint64_t number);
void emitter_add_signed(struct emitter *emitter, json_t *object, const char *key, int number);
void emitter_add_flag(struct emitter *emitter, json_t *object, const char *key, bool flag);

/* Nanoseconds since 1970, or null for 0. */
void emitter_add_moment(struct emitter *emitter, json_t *object, const char *key, uint64_t at_ns);

/* Flushes, and frees what it keeps. Returns 0, or -Exxx of the first failure. */
int emitter_finish(struct emitter *emitter);

#endif

#include "symbolize/rust_name.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* "::h0123456789abcdef" */
enum { HASH_LENGTH = 19 };

static const struct {
	const char *escape, *text;
} escapes[] = {
	{ "..", "::" },
	{ "$LT$", "<" },
	{ "$GT$", ">" },
	{ "$LP$", "(" },
	{ "$RP$", ")" },
	{ "$C$", "," },
	{ "$RF$", "&" },
	{ "$BP$", "*" },
	{ "$SP$", "@" },
	{ "$u20$", " " },
	{ "$u27$", "'" },
	{ "$u5b$", "[" },
	{ "$u5d$", "]" },
	{ "$u7b$", "{" },
	{ "$u7d$", "}" },
	{ "$u7e$", "~" },
};

static bool hash_cut(char *name)
{
	size_t length = strlen(name);
	char *hash = name + length - HASH_LENGTH;

	if (length <= HASH_LENGTH || strncmp(hash, "::h", 3) != 0 ||
	    strspn(hash + 3, "0123456789abcdef") != HASH_LENGTH - 3)
		return false;
	*hash = 0;
	return true;
}

/* The escape that stands here; NULL none. */
static const char *escape_read(const char *from, size_t *ret_length)
{
	for (size_t i = 0; i < sizeof(escapes) / sizeof(*escapes); i++) {
		size_t length = strlen(escapes[i].escape);

		if (strncmp(from, escapes[i].escape, length) == 0) {
			*ret_length = length;
			return escapes[i].text;
		}
	}
	return NULL;
}

void rust_name_clean(char *name)
{
	char *to = name;

	if (!hash_cut(name))
		return;
	for (const char *from = name; *from;) {
		size_t length;
		const char *text = escape_read(from, &length);

		/* A part that begins with an escape has an underscore in front. */
		if (*from == '_' && from[1] == '$' && (from == name || from[-1] == ':')) {
			from++;
		} else if (text) {
			memcpy(to, text, strlen(text));
			to += strlen(text);
			from += length;
		} else {
			*to++ = *from++;
		}
	}
	*to = 0;
}

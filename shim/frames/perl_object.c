#include "frames/perl_object.h"

#include <errno.h>
#include <string.h>

#include "frames/peek.h"
#include "frames/utf8.h"

struct perl_runtime perl_runtime;

/* A value's head: body, type and flags, then a word that depends on the type. */
enum { VALUE_BODY = 0, VALUE_FLAGS = 12, VALUE_WORD = 16 };

enum { TYPE_MASK = 0xff, TYPE_GLOB = 9, TYPE_HASH = 12, TYPE_SUB = 13, TYPE_FORMAT = 14 };

enum {
	FLAG_STRING = 0x400,
	FLAG_REFERENCE = 0x800,
	FLAG_GLOB = 0x8000,
	FLAG_NAMED_HASH = 0x2000000, /* it may have a name */
	FLAG_UTF8 = 0x20000000
};

enum { STRING_LENGTH = 16 };
enum { SUB_PACKAGE = 32, SUB_GLOB = 56, SUB_FLAGS = 92 };
enum { SUB_HAS_NAME = 0x8000, SUB_IS_LEXICAL = 0x10000 };
enum { GLOB_NAME = 32, GLOB_PACKAGE = 40, GLOB_PARTS = 16, PARTS_FIRST_GLOB = 56 };
enum { HASH_MAX = 24, HASH_NAME = 0, HASH_NAME_COUNT = 28, HASH_BODY_SIZE = 32 };
enum { KEY_LENGTH = 4, KEY_BYTES = 8, KEY_UTF8 = 1 };

enum { BYTES_MAX = 512 };

/* A text under construction; it always ends with 0. */
struct text {
	char *bytes;
	size_t used, size;
};

static struct text text_begin(char *bytes, size_t size)
{
	bytes[0] = 0;
	return (struct text){ .bytes = bytes, .size = size };
}

/* Bytes are characters unless they are marked as UTF-8. */
static void text_add(struct text *text, const char *bytes, size_t length, bool is_utf8)
{
	if (is_utf8) {
		utf8_copy(bytes, length, text->bytes + text->used, text->size - text->used);
		text->used += strlen(text->bytes + text->used);
		return;
	}
	for (size_t i = 0; i < length; i++)
		if (!utf8_add((uint8_t)bytes[i], text->bytes, &text->used, text->size))
			break;
	text->bytes[text->used] = 0;
}

static int text_add_from(struct text *text, uintptr_t address, size_t length, bool is_utf8)
{
	char bytes[BYTES_MAX];

	if (length > sizeof(bytes))
		length = sizeof(bytes);
	if (length > 0 && !peek(address, bytes, length))
		return -EFAULT;
	text_add(text, bytes, length, is_utf8);
	return 0;
}

/* A name is a key of a hash: its length, its bytes, a 0, and whether they are UTF-8. */
static int text_add_key(struct text *text, uintptr_t key)
{
	int32_t length = peek_int(key + KEY_LENGTH);
	uintptr_t bytes = key + KEY_BYTES;

	if (key == 0 || length < 0)
		return -EFAULT;

	bool is_utf8 = peek_byte(bytes + (size_t)length + 1) & KEY_UTF8;

	return text_add_from(text, bytes, (size_t)length, is_utf8);
}

static uint32_t flags_of(uintptr_t value)
{
	return value % sizeof(void *) == 0 ? (uint32_t)peek_int(value + VALUE_FLAGS) : 0;
}

static bool is_sub(uintptr_t value)
{
	uint32_t type = flags_of(value) & TYPE_MASK;

	return type == TYPE_SUB || type == TYPE_FORMAT;
}

static bool is_glob(uintptr_t value)
{
	uint32_t flags = flags_of(value);

	return (flags & TYPE_MASK) == TYPE_GLOB && flags & FLAG_GLOB;
}

/* A package is a hash. Its name is in what comes behind the hash's body, up to 5.34
 * behind its array. The first of several names counts. */
static uintptr_t package_name(uintptr_t package)
{
	uint32_t flags = flags_of(package);
	uintptr_t body = peek_word(package + VALUE_BODY);
	uintptr_t more = body + HASH_BODY_SIZE;

	if ((flags & TYPE_MASK) != TYPE_HASH || !(flags & FLAG_NAMED_HASH))
		return 0;
	if (perl_runtime.minor < 36)
		more = peek_word(package + VALUE_WORD) +
		       sizeof(void *) * (peek_word(body + HASH_MAX) + 1);

	uintptr_t name = peek_word(more + HASH_NAME);

	return name != 0 && peek_int(more + HASH_NAME_COUNT) != 0 ? peek_word(name) : name;
}

static void text_add_package(struct text *text, uintptr_t package)
{
	/* A package that was deleted has no name: Perl says the same. */
	if (text_add_key(text, package_name(package)) != 0)
		text_add(text, "__ANON__", strlen("__ANON__"), false);
	text_add(text, "::", 2, false);
}

static uintptr_t glob_name(uintptr_t glob)
{
	return peek_word(peek_word(glob + VALUE_BODY) + GLOB_NAME);
}

static int text_add_glob(struct text *text, uintptr_t glob)
{
	if (!is_glob(glob))
		return -EFAULT;

	/* *alias = *original: the original counts, as in caller(). */
	uintptr_t first = peek_word(peek_word(glob + GLOB_PARTS) + PARTS_FIRST_GLOB);

	if (first != 0 && is_glob(first))
		glob = first;
	text_add_package(text, peek_word(peek_word(glob + VALUE_BODY) + GLOB_PACKAGE));
	return text_add_key(text, glob_name(glob));
}

int perl_sub_name(uintptr_t sub, char *ret, size_t size)
{
	struct text text = text_begin(ret, size);
	uintptr_t body = peek_word(sub + VALUE_BODY);

	if (!is_sub(sub) || body == 0)
		return -EFAULT;

	uint32_t flags = (uint32_t)peek_int(body + SUB_FLAGS);
	uintptr_t glob = peek_word(body + SUB_GLOB);

	if (glob == 0) {
		text_add(&text, "(unknown)", strlen("(unknown)"), false);
		return 0;
	}
	if (!(flags & SUB_HAS_NAME))
		return text_add_glob(&text, glob);
	if (!(flags & SUB_IS_LEXICAL))
		text_add_package(&text, peek_word(body + SUB_PACKAGE));
	return text_add_key(&text, glob);
}

static int text_add_string(struct text *text, uintptr_t value)
{
	uintptr_t length = peek_word(peek_word(value + VALUE_BODY) + STRING_LENGTH);

	return text_add_from(text, peek_word(value + VALUE_WORD), length,
			     flags_of(value) & FLAG_UTF8);
}

static int text_add_bare_sub(struct text *text, uintptr_t sub)
{
	uintptr_t body = peek_word(sub + VALUE_BODY);
	uintptr_t glob = peek_word(body + SUB_GLOB);

	if (!is_sub(sub))
		return -EFAULT;
	if ((uint32_t)peek_int(body + SUB_FLAGS) & SUB_HAS_NAME)
		return text_add_key(text, glob);
	return is_glob(glob) ? text_add_key(text, glob_name(glob)) : -EFAULT;
}

int perl_bare_name(uintptr_t value, char *ret, size_t size)
{
	struct text text = text_begin(ret, size);
	uint32_t flags = flags_of(value);

	if (is_glob(value))
		return text_add_key(&text, glob_name(value));
	if (flags & FLAG_REFERENCE)
		return text_add_bare_sub(&text, peek_word(value + VALUE_WORD));
	return flags & FLAG_STRING ? text_add_string(&text, value) : -EFAULT;
}

/* Paths are bytes. */
static int path_read(uintptr_t address, char *ret, size_t size)
{
	size_t used = 0;

	for (; used < size - 1; used++) {
		/* Byte by byte: what follows the final 0 may not be readable. */
		if (!peek(address + used, &ret[used], 1))
			return -EFAULT;
		if (ret[used] == 0)
			break;
	}
	utf8_trim(ret, &used);
	ret[used] = 0;
	utf8_repair(ret, used);
	return 0;
}

/* Without threads a statement has a glob for its file, whose name is "_<" and the path. */
int perl_file_name(uintptr_t cop, char *ret, size_t size)
{
	uintptr_t file = peek_word(cop + PERL_COP_FILE);

	if (perl_runtime.key != 0)
		return path_read(file, ret, size);
	if (!is_glob(file))
		return -EFAULT;
	return path_read(glob_name(file) + KEY_BYTES + strlen("_<"), ret, size);
}

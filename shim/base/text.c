#include "base/text.h"

#include <string.h>

void text_init(struct text *text, char *bytes, size_t capacity)
{
	*text = (struct text){ .bytes = bytes, .capacity = capacity };
	bytes[0] = 0;
}

void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
	size_t room = text->capacity - 1 - text->length;

	if (length > room) {
		length = room;
		text->is_cut = true;
	}
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = 0;
}

void text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

static void text_add_digits(struct text *text, uint64_t number, unsigned base, unsigned digits)
{
	char reversed[20];
	unsigned count = 0;

	do {
		reversed[count++] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	while (count < digits && count < sizeof(reversed))
		reversed[count++] = '0';
	while (count)
		text_add_bytes(text, &reversed[--count], 1);
}

void text_add_unsigned(struct text *text, uint64_t number)
{
	text_add_digits(text, number, 10, 1);
}

void text_add_number(struct text *text, int64_t number)
{
	if (number < 0)
		text_add(text, "-");
	text_add_digits(text, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, 10, 1);
}

void text_add_hex(struct text *text, uint64_t number, unsigned digits)
{
	text_add_digits(text, number, 16, digits);
}

/* strerror may allocate and reads the locale; strerrordesc_np came with glibc 2.32,
 * and 2.31 is to be served. */
static void text_add_error(struct text *text, int error)
{
	extern const char *strerrordesc_np(int) __attribute__((weak));
	const char *description = strerrordesc_np ? strerrordesc_np(error) : NULL;

	if (description)
		text_add(text, description);
	else
		text_format(text, "error %d", error);
}

void text_format_list(struct text *text, const char *format, va_list list)
{
	for (const char *at = format; *at; at++) {
		const char *percent = strchrnul(at, '%');

		text_add_bytes(text, at, (size_t)(percent - at));
		if (!*percent || !percent[1])
			return;
		at = percent + 1;
		switch (*at) {
		case 's':
			text_add(text, va_arg(list, const char *));
			break;
		case 'd':
			text_add_number(text, va_arg(list, int));
			break;
		case 'u':
			text_add_unsigned(text, va_arg(list, unsigned));
			break;
		case 'l':
			text_add_number(text, va_arg(list, int64_t));
			break;
		case 'L':
			text_add_unsigned(text, va_arg(list, uint64_t));
			break;
		case 'x':
			text_add_hex(text, va_arg(list, uint64_t), 1);
			break;
		case 'e':
			text_add_error(text, va_arg(list, int));
			break;
		default:
			text_add_bytes(text, at, 1);
		}
	}
}

void text_format(struct text *text, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	text_format_list(text, format, list);
	va_end(list);
}

bool text_read_unsigned(const char *string, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (!*string)
		return false;
	for (; *string; string++) {
		unsigned digit = (unsigned)*string - '0';

		if (digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, digit, &number))
			return false;
	}
	*ret_number = number;
	return true;
}

#include "base/log_path.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/memory.h"
#include "base/text.h"

static void add_two_digits(struct text *text, uint64_t number)
{
	text_add_unsigned(text, number / 10);
	text_add_unsigned(text, number % 10);
}

/* gmtime_r takes the time zone's lock, and may read files. The algorithm is Howard
 * Hinnant's civil_from_days: https://howardhinnant.github.io/date_algorithms.html */
static void add_time(struct text *text, uint64_t seconds)
{
	uint64_t days = seconds / 86400 + 719468; /* since 0000-03-01 */
	uint64_t era = days / 146097, day_of_era = days % 146097;
	uint64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
				day_of_era / 146096) / 365;
	uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 -
					     year_of_era / 100);
	uint64_t month_from_march = (5 * day_of_year + 2) / 153;
	uint64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;

	text_add_unsigned(text, year_of_era + era * 400 + (month <= 2));
	add_two_digits(text, month);
	add_two_digits(text, day_of_year - (153 * month_from_march + 2) / 5 + 1);
	text_add(text, "T");
	add_two_digits(text, seconds % 86400 / 3600);
	add_two_digits(text, seconds % 3600 / 60);
	add_two_digits(text, seconds % 60);
}

static void add_host(struct text *text)
{
	struct utsname names;
	int saved_errno = errno;

	text_add(text, uname(&names) ? "localhost" : names.nodename);
	errno = saved_errno;
}

static int add_value(struct text *text, char letter, const struct log_path *values)
{
	const char *slash = strrchr(values->program, '/');

	switch (letter) {
	case 'p':
		text_add_number(text, values->pid);
		return 0;
	case 'e':
		text_add(text, slash ? slash + 1 : values->program);
		return 0;
	case 'h':
		add_host(text);
		return 0;
	case 't':
		add_time(text, values->at_ns / 1000000000);
		return 0;
	case '%':
		text_add(text, "%");
		return 0;
	}
	return -EINVAL;
}

int log_path_format(const char *pattern, const struct log_path *values, char *ret_path)
{
	/* Not on the stack: the report's signal may come while that is a coroutine's. */
	char *path = memory_lend(PATH_MAX);
	struct text text;
	int error = 0;

	if (!path)
		return -ENOMEM;
	text_init(&text, path, PATH_MAX);
	for (const char *at = pattern; *at && !error; at++) {
		if (*at != '%')
			text_add_bytes(&text, at, 1);
		else
			error = add_value(&text, *++at, values);
	}
	if (!error && text.is_cut)
		error = -ENAMETOOLONG;
	if (!error)
		memcpy(ret_path, path, text.length + 1);
	memory_unmap(path, PATH_MAX);
	return error;
}

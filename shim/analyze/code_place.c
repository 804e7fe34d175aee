#include "analyze/code_place.h"

#include <string.h>

#include "analyze/languages.h"
#include "analyze/pattern.h"

/* "_ConnectionRecord.checkout.<locals>.<lambda>" is "<lambda>": interpreters before
 * 3.11 have the last part only. Of PHP's "Store->__destruct" it is "__destruct". */
static const char *bare_name(const char *function)
{
	static const char *const separators[] = { ".", "->", "::" };

	for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++) {
		const char *found;

		while ((found = strstr(function, separators[i])))
			function = found + strlen(separators[i]);
	}
	return function;
}

const struct code_place *code_place_find(const struct code_place *places, size_t count,
					 const struct report_frame *frame)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(frame->language, language_name(places[i].language)) == 0 &&
		    text_ends_with(frame->file, places[i].file) &&
		    strcmp(bare_name(frame->function), places[i].function) == 0)
			return &places[i];
	return NULL;
}

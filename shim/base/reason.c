#include "base/reason.h"

#include <string.h>

static const char *const words[REASON_COUNT] = {
#define REASON(name, word) [REASON_##name] = word,
#include "base/reasons.def"
#undef REASON
};

const char *reason_word(enum reason reason)
{
	return words[reason];
}

bool reason_read(const char *text, enum reason *ret_reason, const char **ret_detail)
{
	const char *colon = strchrnul(text, ':');

	for (int i = 0; i < REASON_COUNT; i++) {
		if (strlen(words[i]) == (size_t)(colon - text) &&
		    !strncmp(words[i], text, (size_t)(colon - text))) {
			*ret_reason = (enum reason)i;
			*ret_detail = *colon ? colon + 1 : colon;
			return true;
		}
	}
	return false;
}

bool reason_is_live(enum reason reason)
{
	return reason != REASON_REQUEST && reason != REASON_EXIT;
}

bool reason_is_about_holders(enum reason reason)
{
	return reason == REASON_EXHAUSTION || reason == REASON_MAX_OPEN ||
	       reason == REASON_MAX_AGE || reason == REASON_MAX_TRANSACTION;
}

#include "capture/notice.h"

#include <stdbool.h>

#include "base/log.h"

static const char *const formats[NOTICE_COUNT] = {
#define NOTICE(name, format) [NOTICE_##name] = format,
#include "capture/notices.def"
#undef NOTICE
};

static bool is_said[NOTICE_COUNT];

void notice_say(enum notice notice, const char *subject, int error)
{
	if (!__atomic_exchange_n(&is_said[notice], true, __ATOMIC_RELAXED))
		log_say(formats[notice], subject, error);
}

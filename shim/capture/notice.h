/* What the shim says of itself: rows of notices.def, each said once a process.
 *
 * Context: any; async-signal-safe. Keeps errno.
 */
#ifndef CAPTURE_NOTICE_H
#define CAPTURE_NOTICE_H

enum notice {
#define NOTICE(name, format) NOTICE_##name,
#include "capture/notices.def"
#undef NOTICE
	NOTICE_COUNT
};

/* `error` is a positive errno. */
void notice_say(enum notice notice, const char *subject, int error);

#endif

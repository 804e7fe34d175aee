/* One interpreter: looked for until it is there, and followed when it goes. A plug-in's
 * can be unloaded, and loaded again elsewhere; pinning it would change what the host sees.
 *
 * Context: any thread; the loader's lock is taken. Keeps errno.
 */
#ifndef FRAMES_ATTACHMENT_H
#define FRAMES_ATTACHMENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "frames/language.h"

struct attachment {
	/* Finds the interpreter and fills what its language keeps of it. Under the lock. */
	enum language_state (*find)(void);
	/* Is it where it was found? Under the lock. NULL: it is never unloaded. */
	bool (*is_there)(void);
	pthread_mutex_t lock;
	_Atomic enum language_state state;
	atomic_ullong unloaded; /* symbols_unloaded() when it was last looked for */
};

#define ATTACHMENT(find_function, is_there_function) \
	{ .find = (find_function), .is_there = (is_there_function), \
	  .lock = PTHREAD_MUTEX_INITIALIZER, .state = LANGUAGE_ABSENT }

/* As language.attach. */
enum language_state attachment_attach(struct attachment *attachment);

/* Is it attached, and still there? */
bool attachment_holds(struct attachment *attachment);

#endif

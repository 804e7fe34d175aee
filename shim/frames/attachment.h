/* One interpreter: looked for until it is there, and followed when it goes. A plug-in's
 * can be unloaded, and loaded again elsewhere; pinning it would change what the host sees.
 *
 * What was found is still there while its object has the home that it had (symbols.h) and
 * nothing was loaded since, which might have that home now: that is known without a lock.
 * After each dlopen of the host's, and where the C library tells no homes, the loader is asked.
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
	/* An address inside of the object that it was found in. Under the lock. */
	uintptr_t (*place)(void);
	pthread_mutex_t lock;
	_Atomic enum language_state state;
	atomic_ullong unloaded; /* symbols_unloaded() when it was last looked for */
	/* As it was then; a reader who finds a part of each does not know it again. */
	atomic_ulong openings;
	atomic_uintptr_t address, start, end, map;
};

#define ATTACHMENT(find_function, is_there_function, place_function) \
	{ .find = (find_function), .is_there = (is_there_function), \
	  .place = (place_function), \
	  .lock = PTHREAD_MUTEX_INITIALIZER, .state = LANGUAGE_ABSENT }

/* As language.attach. */
enum language_state attachment_attach(struct attachment *attachment);

/* Is it attached, and still there? No lock where attachment_stays. */
bool attachment_holds(struct attachment *attachment);

/* Is it attached, and surely where it was? Follows nobody. Takes no lock where the C library
 * tells homes; elsewhere the loader's. */
bool attachment_stays(const struct attachment *attachment);

#endif

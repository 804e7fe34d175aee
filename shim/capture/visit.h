/* Who is inside of a connection: two threads at once break libpq's rules.
 *
 * A mark alone accuses nobody: a thread may have left through longjmp, an exception or
 * cancellation, or be dead, and its mark stayed. So the second who comes only leaves word; the
 * first, if it really is inside, finds it when it leaves, and has its own stack still, in the
 * same call. Who never comes back accuses nobody. One after the other, from
 * however many threads, is legal and meets nobody.
 *
 * Context: any thread, no lock of ours held; the recorder's is taken when two have met. Keeps
 * errno.
 */
#ifndef CAPTURE_VISIT_H
#define CAPTURE_VISIT_H

#include <stdint.h>

struct use;

/* In a connection; outlives it, since the last one may leave after the finish. */
struct visits {
	int32_t inside; /* tid; 0 nobody */
	uint32_t count; /* numbers the stays, 0 left out */
	uint32_t met;   /* the stay during which another thread came; 0 none */
};

void visit_begin(struct use *use);

/* In the same call of the wrapper. */
void visit_end(const struct use *use);

/* In a forked child: who was inside is not here. Context: the recorder's lock. */
void visits_forget(void);

#endif

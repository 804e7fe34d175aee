/* Is what is read of an interpreter what it should be? Until so many frames were described
 * without a surprise its memory is not trusted: eight, or as many as the first stack has.
 *
 * Context: any.
 */
#ifndef FRAMES_PROOF_H
#define FRAMES_PROOF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct proof {
	atomic_int left;
};

#define PROOF { PROOF_NOT_BEGUN }
enum { PROOF_NOT_BEGUN = 1 << 30 };

/* A stack of `count` frames was walked, of which all were as they should be. */
void proof_begin(struct proof *proof, size_t count);

/* A frame was described. */
void proof_add(struct proof *proof);

bool proof_is_done(const struct proof *proof);

#endif

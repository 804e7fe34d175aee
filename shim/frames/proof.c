#include "frames/proof.h"

enum { FRAMES_MAX = 8 };

void proof_begin(struct proof *proof, size_t count)
{
	int expected = PROOF_NOT_BEGUN;

	if (count > 0)
		atomic_compare_exchange_strong(&proof->left, &expected,
					       count < FRAMES_MAX ? (int)count : FRAMES_MAX);
}

void proof_add(struct proof *proof)
{
	int left = atomic_load_explicit(&proof->left, memory_order_relaxed);

	if (left > 0 && left != PROOF_NOT_BEGUN)
		atomic_compare_exchange_strong(&proof->left, &left, left - 1);
}

bool proof_is_done(const struct proof *proof)
{
	return atomic_load_explicit(&proof->left, memory_order_relaxed) <= 0;
}

/* Reads of the host's memory that may be told to distrust it.
 *
 * Guarded, a read of anything that is not readable memory fails. It costs a
 * system call, so it serves a process's first capture, and threads under which the
 * interpreter is taken apart. Direct, a read only refuses addresses that cannot be
 * a process's. Each thread starts out guarded.
 *
 * Context: any thread, signal handlers included. Keeps errno, allocates nothing.
 */
#ifndef FRAMES_PEEK_H
#define FRAMES_PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For this thread. */
void peek_set_guarded(bool is_guarded);

/* Copies `size` bytes at `address` to `ret`. False, with `ret` undefined, when they
 * cannot be read. */
bool peek(uintptr_t address, void *ret, size_t size);

/* The word, or the value, at `address`; zero when it cannot be read. */
uintptr_t peek_word(uintptr_t address);
int32_t peek_int(uintptr_t address);
uint8_t peek_byte(uintptr_t address);

/* A run of bytes, read in pieces from its front. */
struct peek_window {
	uintptr_t next; /* address of the next piece */
	size_t left;    /* bytes not read yet */
	uint8_t bytes[64];
	uint8_t count;  /* bytes held, of which `at` were taken */
	uint8_t at;
};

void peek_window_init(struct peek_window *window, uintptr_t address, size_t size);
/* The next byte, or -1 at the end or where memory cannot be read. */
int peek_window_byte(struct peek_window *window);

#endif

/* The shared file a ledger is written in.
 *
 * Blocks are reserved before they are touched: a store into a hole of a full file
 * system is SIGBUS in the host.
 */
#ifndef LEDGER_FILE_H
#define LEDGER_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* May a file have `size` bytes? Past RLIMIT_FSIZE a write or ftruncate would end the host
 * with SIGXFSZ. */
bool file_size_is_allowed(uint64_t size);

/* Creates PID-RANDOM.ledger in `directory`, `size` bytes and sparse, and maps it.
 * Fills `ret_path` (PATH_MAX bytes). Returns the memory, or NULL with *ret_error a
 * negative errno. The descriptor is closed again: hosts close and reuse all. */
void *file_map(const char *directory, uint64_t size, char *ret_path, int *ret_error);

/* Makes [start, start + size) safe to touch; `path` is the file of `memory`.
 * Returns 0 or a negative errno. */
int file_reserve(void *memory, const char *path, uint64_t start, uint64_t size);

#endif

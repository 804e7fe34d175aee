/* Names of code that a just-in-time compiler made: /tmp/perf-PID.map, one line
 * "START SIZE NAME" a function, START and SIZE hexadecimal. Code moves: where
 * lines overlap, the last is the true one.
 *
 * Anyone can write to /tmp, so only a regular file that belongs to us or to the
 * process's user is read, and its text is as trustworthy as that user.
 */
#ifndef SYMBOLIZE_PERF_MAP_H
#define SYMBOLIZE_PERF_MAP_H

#include <stdint.h>

struct perf_map;

/* Reads the map of a process of user `uid`. NULL when there is none that may be
 * read. Caller frees with perf_map_free. */
struct perf_map *perf_map_new(int32_t pid, uint32_t uid);
void perf_map_free(struct perf_map *map);

/* NULL unknown; lives as long as the map. */
const char *perf_map_find(const struct perf_map *map, uint64_t address);

#endif

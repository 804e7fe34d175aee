/* Where ledgers live: a directory that nobody else can write to.
 *
 * PQLEAK_DIR when it is given; else the first that can be used of
 * $XDG_RUNTIME_DIR/pqleak, /dev/shm/pqleak-UID, /tmp/pqleak-UID, UID being the
 * effective one. The three are made when they are missing, 0700, and belong to
 * the user alone. PQLEAK_DIR is made likewise; one that exists may be any that
 * belongs to the user or root, and that others cannot write to or, as in /tmp,
 * cannot take the user's files out of.
 *
 * Context: any thread; no malloc, no stdio. Keeps errno.
 */
#ifndef BASE_PLACE_H
#define BASE_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/* Finds the place, makes it when missing. `dir_option` is PQLEAK_DIR's value;
 * with "" the three are tried. A given one that cannot be used is an error,
 * never silently another place: the caller says so, and may ask again with "".
 *
 * Returns 0 with its path, absolute unless `dir_option` is not, without a final
 * '/', in ret_path (PATH_MAX bytes); or -Exxx of the last that was tried: -EPERM
 * when it belongs to another user or is open to others, -ENOTDIR, -EROFS,
 * -EACCES, -ENAMETOOLONG ... */
int place_open(const char *dir_option, char *ret_path);

/* The index-th place (0, 1, ...) where a process of `uid` may have left ledgers,
 * in the order of place_open, without a look at the disk; /run/user/UID/pqleak
 * comes last, for a report that runs without the session's XDG_RUNTIME_DIR.
 * False beyond the last. */
bool place_candidate(unsigned index, uid_t uid, char *ret_path);

#endif

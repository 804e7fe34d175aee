/* Which process is this, without asking the kernel at every call: a page that the
 * kernel zeroes in a forked child, and keeps in a vfork's, who shares our memory.
 */
#ifndef CAPTURE_PROCESS_H
#define CAPTURE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/* Marks this process as the one that records. 0 or -ENOMEM. */
int process_mark(void);

/* Is this the marked process? Context: any; async-signal-safe. */
bool process_is_marked(void);

/* For kernels before 4.14, from an atfork handler of the child. */
void process_unmark(void);

/* Program and script, for people: "python3 app.py". Other words may be secrets and are
 * left out: a script is a file, or has the ending of one. Fills `ret_command` (size bytes). */
void process_command(char *ret_command, size_t size);

/* Path of the main program. */
void process_executable(char *ret_path, size_t size);

#endif

/* One line of ours to the person who runs the program.
 *
 * The line goes out in one write, begins with "pqleak: ", and never to a
 * descriptor that is no longer the standard error the process began with: a
 * daemon may have given number 2 to a socket, and where it began without one the
 * number went to whatever was opened first.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* Remembers what standard error is now. Context: constructor. */
void log_init(void);

/* May descriptor 2 be written to: the one of log_init, or a file, a pipe or a
 * terminal that the host put in its place. Context: any. Keeps errno. */
bool log_is_usable(void);

/* Writes all of `bytes`, as far as it can be; raises neither SIGPIPE nor SIGXFSZ. Gives up
 * when nobody has taken any for five seconds. Returns whether all is written. Context:
 * any, signal handlers included. Keeps errno. */
bool log_write(int fd, const char *bytes, size_t size);

/* Says a line; `format` as in text_format. Context: any, signal handlers
 * included. Keeps errno. */
void log_say(const char *format, ...);

#endif

/* One line of the companion's to standard error: "pqleak: ...". */
#ifndef CLI_SAY_H
#define CLI_SAY_H

/* `format` as in printf. Control characters of what it names are shown as '?': a
 * file's name must not write to the terminal. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

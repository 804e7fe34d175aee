/* What the companion's parent left it: the environment, signal dispositions and
 * descriptors that would disturb the companion itself, but that the program which
 * `pqleak run` starts must get as they were.
 */
#ifndef CLI_INHERITANCE_H
#define CLI_INHERITANCE_H

/* Takes LD_PRELOAD and DEBUGINFOD_URLS out of the environment, resets SIGPIPE and
 * SIGCHLD, and holds places for closed standard descriptors. First thing in main. */
void inheritance_take(void);

/* LD_PRELOAD as it was; "" when it was not set. */
const char *inheritance_preload(void);

/* Gives all of it back. Context: the forked child, before exec. LD_PRELOAD is the
 * caller's to set. */
void inheritance_restore(void);

#endif

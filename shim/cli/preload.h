/* The shim, found relative to the companion, and put before what is preloaded
 * already. */
#ifndef CLI_PRELOAD_H
#define CLI_PRELOAD_H

/* Fills ret_path (PATH_MAX bytes) with the shim's absolute path: beside the
 * companion's directory in a build tree, else where `meson install` puts it.
 * Returns 0, -ENOENT, or -EINVAL when the path has a blank or a colon, at which
 * the loader would cut it. */
int preload_find(char *ret_path);

/* Sets LD_PRELOAD to `shim` and what `before` has. Returns 0 or -ENOMEM. */
int preload_set(const char *shim, const char *before);

#endif

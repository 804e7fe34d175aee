/* The loader's functions that the shim stands in front of: dlopen, dlsym and dlerror.
 *
 * A plug-in opened with RTLD_DEEPBIND (PHP's pgsql) is bound past every preloaded
 * object, so the flag is cleared. Who asks dlsym for a function of libpq (ctypes, cffi,
 * JNA) gets the shim's, which knows the libpq that was asked: the later call comes from
 * code that lies in no object.
 *
 * Both look at who called them (search paths, RTLD_NEXT), so the exported ones are
 * sibling calls: loader_calls.c is compiled for that, and a test reads its code.
 */
#ifndef CAPTURE_LOADER_H
#define CAPTURE_LOADER_H

#include <stdbool.h>
#include <stdint.h>

typedef void *loader_dlopen_function(const char *path, int mode);
typedef void *loader_dlsym_function(void *handle, const char *name);

/* The real ones. Never NULL. Context: any thread; not async-signal-safe when first
 * called. Keeps errno. */
loader_dlopen_function *loader_real_dlopen(void);
loader_dlsym_function *loader_real_dlsym(void);

/* One of the loader's functions, past the shim's; NULL when there is none. */
void *loader_real(const char *name);

/* dlsym with the shim as its caller: what the rest of the shim calls. */
void *loader_dlsym(void *handle, const char *name);

/* Fails as dlsym does for a caller at `return_address` (0: the main program) who does not
 * find `name`: NULL, and dlerror() says so in the same words. Any thread; keeps errno. */
void *loader_miss(uintptr_t return_address, const char *name);

/* The real dlerror, and what finds it. */
char *loader_dlerror(void);
void loader_error_prepare(void);

/* `mode` as it is to be passed on. */
int loader_mode(const char *path, int mode);

/* Not ours to answer: to be passed on. */
#define LOADER_PASS ((void *)&loader_pass)
extern const char loader_pass;

/* What dlsym answers when it is asked by a caller at `return_address`: LOADER_PASS, a
 * function, or NULL with dlerror() set. Context: any thread, no lock of ours held. */
void *loader_answer(void *handle, const char *name, uintptr_t return_address);

/* Did somebody ask to open the object at `path` with RTLD_DEEPBIND? */
bool loader_was_deepbound(const char *path);

#endif

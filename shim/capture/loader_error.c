/* dlerror() of a function that the caller does not find, but would find in the shim.
 *
 * Only the loader may keep its errors: one for each thread, gone with the next call. So the
 * words are given to it as the name of a function that nobody has, and dlerror() leaves out
 * what the loader says before them.
 */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "capture/loader.h"
#include "capture/scope.h"

#define MARK "\1pqleak\1"

enum { ERROR_MAX = PATH_MAX + 256 };

void *loader_miss(uintptr_t return_address, const char *name)
{
	int error = errno;
	struct object *caller = memory_map(sizeof(*caller) + ERROR_MAX);
	char *words = (char *)(caller + 1);
	struct text text;

	if (!caller)
		return NULL;
	scope_read_caller(return_address, caller);
	text_init(&text, words, ERROR_MAX);
	text_add(&text, MARK);
	text_add(&text, *caller->path ? caller->path : program_invocation_name);
	text_add(&text, ": undefined symbol: ");
	text_add(&text, name);
	(void)loader_dlsym(RTLD_NEXT, words);
	memory_unmap(caller, sizeof(*caller) + ERROR_MAX);
	errno = error;
	return NULL;
}

static char *(*real_dlerror)(void); /* found twice at worst */

/* Before there is an error, which the search would overwrite. */
__attribute__((constructor)) void loader_error_prepare(void)
{
	int error = errno;

	if (!__atomic_load_n(&real_dlerror, __ATOMIC_RELAXED))
		__atomic_store_n(&real_dlerror, (char *(*)(void))loader_real("dlerror"),
				 __ATOMIC_RELAXED);
	errno = error;
}

char *loader_dlerror(void)
{
	loader_error_prepare();
	return real_dlerror ? real_dlerror() : NULL;
}

__attribute__((visibility("default"))) char *dlerror(void)
{
	char *words = loader_dlerror();
	char *mark = words ? strstr(words, MARK) : NULL;

	return mark ? mark + strlen(MARK) : words;
}

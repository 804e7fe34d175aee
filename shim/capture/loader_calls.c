/* The exported dlopen and dlsym: compiled so that they jump to the real ones, which then
 * see the program as their caller. Nothing may be done after them.
 */
#include <dlfcn.h>

#include "capture/loader.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT void *dlopen(const char *path, int mode)
{
	int passed = loader_mode(path, mode);
	loader_dlopen_function *real = loader_real_dlopen();

	return real(path, passed);
}

EXPORT void *dlsym(void *restrict handle, const char *restrict name)
{
	void *answer = loader_answer(handle, name, (uintptr_t)__builtin_return_address(0));

	if (answer != LOADER_PASS)
		return answer;
	loader_dlsym_function *real = loader_real_dlsym();

	return real(handle, name);
}

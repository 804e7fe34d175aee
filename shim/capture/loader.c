#include "capture/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "capture/libpq.h"
#include "capture/objects.h"
#include "capture/recorder.h"
#include "capture/scope.h"
#include "capture/wrappers.h"
#include "frames/symbols.h"

/* How many files may be opened deep-bound before they are no longer told apart. */
enum { DEEPBOUND_MAX = 64 };

const char loader_pass;

/* Hashes of the names. An entry is for good; 0 until it is written. */
static struct {
	uint32_t names[DEEPBOUND_MAX];
	uint32_t count;
} deepbound;

/* dlvsym is nobody's to wrap, and needs a version: those of the first glibc of each
 * architecture that is supported, still there in the newest. */
void *loader_real(const char *name)
{
	static const char *const versions[] = {
#if defined(__aarch64__)
		"GLIBC_2.17",
#else
		"GLIBC_2.2.5",
#endif
		"GLIBC_2.34",
	};
	void *function = NULL;

	for (size_t i = 0; !function && i < sizeof(versions) / sizeof(versions[0]); i++)
		function = dlvsym(RTLD_NEXT, name, versions[i]);
	return function;
}

static void *no_dlopen(const char *path, int mode)
{
	(void)path;
	(void)mode;
	return NULL;
}

static void *no_dlsym(void *handle, const char *name)
{
	(void)handle;
	(void)name;
	return NULL;
}

/* Found once, kept in `*known`. */
static void *real_once(void **known, const char *name, void *otherwise)
{
	void *function = __atomic_load_n(known, __ATOMIC_RELAXED);

	if (!function) {
		int error = errno;

		loader_error_prepare();
		function = loader_real(name);
		if (!function)
			function = otherwise;
		__atomic_store_n(known, function, __ATOMIC_RELAXED);
		errno = error;
	}
	return function;
}

loader_dlopen_function *loader_real_dlopen(void)
{
	static void *known;

	return (loader_dlopen_function *)real_once(&known, "dlopen", (void *)no_dlopen);
}

loader_dlsym_function *loader_real_dlsym(void)
{
	static void *known;

	return (loader_dlsym_function *)real_once(&known, "dlsym", (void *)no_dlsym);
}

void *loader_dlsym(void *handle, const char *name)
{
	return loader_real_dlsym()(handle, name);
}

/* Of the file's name: the loader's list may have another path to it. */
static uint32_t name_hash(const char *path)
{
	const char *slash = strrchr(path, '/');
	uint32_t hash = 2166136261u;

	for (const char *at = slash ? slash + 1 : path; *at; at++)
		hash = (hash ^ (uint8_t)*at) * 16777619u;
	return hash;
}

bool loader_was_deepbound(const char *path)
{
	uint32_t count = __atomic_load_n(&deepbound.count, __ATOMIC_ACQUIRE);
	uint32_t hash = name_hash(path);

	for (uint32_t i = 0; i < count && i < DEEPBOUND_MAX; i++)
		if (__atomic_load_n(&deepbound.names[i], __ATOMIC_RELAXED) == hash)
			return true;
	return false;
}

int loader_mode(const char *path, int mode)
{
	symbols_opening();
	if (!(mode & RTLD_DEEPBIND) || !recorder_clears_deepbind())
		return mode;
	if (path && !loader_was_deepbound(path)) {
		uint32_t at = __atomic_fetch_add(&deepbound.count, 1, __ATOMIC_ACQ_REL);

		if (at < DEEPBOUND_MAX)
			__atomic_store_n(&deepbound.names[at], name_hash(path), __ATOMIC_RELAXED);
	}
	return mode & ~RTLD_DEEPBIND;
}

static bool is_libpq_name(const char *name)
{
	return (name[0] == 'P' && name[1] == 'Q') || (name[0] == 'l' && name[1] == 'o');
}

/* A handle of one object: that object's libpq is what is meant. */
static void *answer_of_handle(void *handle, const char *name, enum libpq_call call)
{
	void *function = loader_dlsym(handle, name);

	if (!function)
		return NULL;
	/* The scope of the main program: the shim is in it, as if it were a libpq. */
	if (object_is_shim((uintptr_t)function))
		return loader_dlsym(RTLD_NEXT, name) ? function : loader_miss(0, name);
	if (!recorder_may_record())
		return function;
	return wrapper_for(libpq_asked_for(function, call), call, function);
}

void *loader_answer(void *handle, const char *name, uintptr_t return_address)
{
	enum libpq_call call;
	int error = errno;
	void *answer = LOADER_PASS;

	if (!name || !is_libpq_name(name) || object_is_shim(return_address) ||
	    !libpq_call_named(name, &call))
		return LOADER_PASS;
	if (handle == RTLD_NEXT && !object_is_main(return_address))
		return LOADER_PASS; /* who was loaded after the shim passes it by */
	if (handle == RTLD_NEXT && !loader_dlsym(handle, name))
		answer = loader_miss(return_address, name);
	else if (handle == RTLD_DEFAULT && !scope_has(return_address, name))
		answer = loader_miss(return_address, name);
	else if (handle != RTLD_DEFAULT && handle != RTLD_NEXT)
		answer = answer_of_handle(handle, name, call);
	/* What was asked in between may have failed; this did not. */
	if (answer)
		(void)loader_dlerror();
	errno = error;
	return answer;
}

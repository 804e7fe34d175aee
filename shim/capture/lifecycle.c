#include "capture/lifecycle.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/checkup.h"
#include "capture/delivery.h"
#include "capture/loader.h"
#include "capture/recorder.h"
#include "capture/sockets.h"

#define EXPORT __attribute__((visibility("default")))

extern int __cxa_atexit(void (*function)(void *), void *argument, void *object);
extern int __cxa_at_quick_exit(void (*function)(void *), void *object);

static void end(enum ledger_process_end how)
{
	struct ledger *ledger = recorder_ledger();

	if (ledger) {
		sockets_check(ledger);
		ledger_end(ledger, how);
	}
	if (how != LEDGER_PROCESS_RUNNING)
		checkup();
}

static void end_by_exit(void *unused)
{
	(void)unused;
	end(LEDGER_PROCESS_EXIT);
	int status = delivery_final();

	/* We are the last handler; exit() goes on from here with the new status, and
	 * still flushes what the host wrote. */
	if (status >= 0)
		exit(status);
}

static void end_by_quick_exit(void *unused)
{
	(void)unused;
	end(LEDGER_PROCESS_QUICK_EXIT);
	int status = delivery_final();

	if (status >= 0)
		syscall(SYS_exit_group, status);
}

/* Found once: exec is legal where dlsym is not, in a signal handler or a vfork's child.
 * Also when pqleak is off: the calls are exported all the same. */
static __typeof__(&execvpe) real_execvpe;
static __typeof__(&fexecve) real_fexecve;

__attribute__((constructor)) static void find_real(void)
{
	int error = errno;

	if (!real_execvpe)
		real_execvpe = (__typeof__(&execvpe))loader_dlsym(RTLD_NEXT, "execvpe");
	if (!real_fexecve)
		real_fexecve = (__typeof__(&fexecve))loader_dlsym(RTLD_NEXT, "fexecve");
	errno = error;
}

void lifecycle_init(void)
{
	/* Without an object: run by exit() itself, after _dl_fini and so after every
	 * destructor that may still finish a connection. */
	__cxa_atexit(end_by_exit, NULL, NULL);
	__cxa_at_quick_exit(end_by_quick_exit, NULL);
}

/* The shim's destructor comes before those of the libraries loaded after it: what
 * they finish is finished by the process's end. */
__attribute__((destructor)) static void lifecycle_exiting(void)
{
	recorder_exiting();
}

static __attribute__((noreturn)) void end_at_once(int status)
{
	end(LEDGER_PROCESS_UNDERSCORE_EXIT);
	int changed = delivery_final();

	for (;;)
		syscall(SYS_exit_group, changed >= 0 ? changed : status);
}

EXPORT __attribute__((noreturn)) void _exit(int status)
{
	end_at_once(status);
}

EXPORT __attribute__((noreturn)) void _Exit(int status)
{
	end_at_once(status);
}

/* An exec that succeeds takes the connections along without a word to the server. */
static void exec_begin(void)
{
	end(LEDGER_PROCESS_EXEC);
}

static int exec_end(int result)
{
	int error = errno;

	end(LEDGER_PROCESS_RUNNING);
	errno = error;
	return result;
}

EXPORT int execve(const char *path, char *const arguments[], char *const environment[])
{
	exec_begin();
	return exec_end((int)syscall(SYS_execve, path, arguments, environment));
}

EXPORT int execv(const char *path, char *const arguments[])
{
	return execve(path, arguments, environ);
}

EXPORT int fexecve(int fd, char *const arguments[], char *const environment[])
{
	exec_begin();
	if (!real_fexecve)
		find_real(); /* an earlier library's constructor */
	return exec_end(real_fexecve(fd, arguments, environment));
}

EXPORT int execvpe(const char *file, char *const arguments[], char *const environment[])
{
	exec_begin();
	if (!real_execvpe)
		find_real();
	return exec_end(real_execvpe(file, arguments, environment));
}

EXPORT int execvp(const char *file, char *const arguments[])
{
	return execvpe(file, arguments, environ);
}

/* The variadic forms: the arguments as a vector, on the stack as libc does it, which is
 * async-signal-safe. */
#define COLLECT(first)                                               \
	va_list list;                                                \
	size_t count = 1;                                            \
                                                                     \
	va_start(list, first);                                       \
	while (va_arg(list, char *))                                 \
		count++;                                             \
	va_end(list);                                                \
	char **arguments = alloca((count + 1) * sizeof(*arguments)); \
                                                                     \
	va_start(list, first);                                       \
	arguments[0] = (char *)(uintptr_t)first;                     \
	for (size_t i = 1; i <= count; i++)                          \
		arguments[i] = va_arg(list, char *)

EXPORT int execl(const char *path, const char *first, ...)
{
	COLLECT(first);
	va_end(list);
	return execve(path, arguments, environ);
}

EXPORT int execlp(const char *file, const char *first, ...)
{
	COLLECT(first);
	va_end(list);
	return execvpe(file, arguments, environ);
}

EXPORT int execle(const char *path, const char *first, ...)
{
	COLLECT(first);
	char *const *environment = va_arg(list, char *const *);

	va_end(list);
	return execve(path, arguments, environment);
}

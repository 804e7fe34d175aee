/* A connection whose every call runs on a small stack: small_stack BYTES [signal]. The
 * handler of the report's signal runs there too.
 */
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

static ucontext_t caller, coroutine;
static int is_signalled;

static void run(void)
{
	PGconn *connection = PQconnectdb("");

	PQclear(PQexec(connection, "BEGIN"));
	if (is_signalled)
		raise(SIGUSR2);
	PQfinish(connection);
}

int main(int count, char *arguments[])
{
	size_t size = strtoul(arguments[1], NULL, 10);
	/* Nothing may be written below. */
	char *stack = mmap(NULL, 4096 + size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stack == MAP_FAILED || mprotect(stack, 4096, PROT_NONE) || getcontext(&coroutine))
		return 1;
	is_signalled = count > 2 && !strcmp(arguments[2], "signal");
	if (is_signalled && getenv("PQLEAK_SIGNAL") == NULL)
		signal(SIGUSR2, SIG_IGN);
	coroutine.uc_stack.ss_sp = stack + 4096;
	coroutine.uc_stack.ss_size = size;
	coroutine.uc_link = &caller;
	makecontext(&coroutine, run, 0);
	if (swapcontext(&caller, &coroutine))
		return 1;
	puts("back");
	return 0;
}

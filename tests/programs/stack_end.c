/* Threads use one connection from a frame whose size changes: one of them with little in it,
 * at the very end of its stack, past which nothing is mapped.
 */
#include <alloca.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

enum { STACK = 256 << 10, BEYOND = 128 << 10, VALUES_MAX = 7000, STEP = 500 };

static PGconn *connection;

static __attribute__((noinline)) void use(int count)
{
	const char **values = alloca((size_t)count * sizeof(*values));

	for (int i = 0; i < count; i++)
		values[i] = "value";
	PQclear(PQexecParams(connection, "select 1", 0, NULL, values, NULL, NULL, 0));
	__asm__ volatile("" : : "r"(values) : "memory");
}

static void *use_large(void *unused)
{
	for (int count = STEP; count < VALUES_MAX; count += STEP)
		use(count);
	return unused;
}

static void *use_small(void *unused)
{
	use(1);
	return unused;
}

static int run(void *(*function)(void *))
{
	char *stack = mmap(NULL, STACK + BEYOND, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attributes;
	pthread_t thread;

	return stack == MAP_FAILED || mprotect(stack, STACK, PROT_READ | PROT_WRITE) ||
	       pthread_attr_init(&attributes) ||
	       pthread_attr_setstack(&attributes, stack, STACK) ||
	       pthread_create(&thread, &attributes, function, NULL) || pthread_join(thread, NULL);
}

int main(void)
{
	connection = PQconnectdb("");
	if (PQstatus(connection) != CONNECTION_OK || run(use_large) || run(use_small))
		return 1;
	puts("done");
	return 0;
}

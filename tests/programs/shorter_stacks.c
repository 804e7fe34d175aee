/* Uses a connection on coroutines whose stacks, mapped at one address after the other, end where
 * the one before had its outermost frames; past them nothing is mapped.
 */
#include <alloca.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { PAGE = 4 << 10, STACK = 256 << 10, SHORTER_MAX = 4, ROOM_MAX = 20000, STEP = 512 };

static ucontext_t caller, coroutine;
static PGconn *connection;
static size_t room;

static __attribute__((noinline)) void use(void)
{
	char *array = alloca(room);

	__asm__ volatile("" : : "r"(array) : "memory");
	PQclear(PQexec(connection, "select 1"));
	__asm__ volatile("");
}

static void run(char *stack, size_t size, size_t array)
{
	room = array;
	mprotect(stack, size, PROT_READ | PROT_WRITE);
	getcontext(&coroutine);
	coroutine.uc_stack.ss_sp = stack;
	coroutine.uc_stack.ss_size = size;
	coroutine.uc_link = &caller;
	makecontext(&coroutine, use, 0);
	swapcontext(&caller, &coroutine);
	mprotect(stack, size, PROT_NONE);
}

int main(void)
{
	char *stack = mmap(NULL, STACK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stack == MAP_FAILED)
		return 2;
	connection = PQconnectdb("");
	for (size_t array = 1; array < ROOM_MAX; array += STEP) {
		run(stack, STACK, array);
		for (size_t pages = 1; pages <= SHORTER_MAX; pages++)
			run(stack, STACK - pages * PAGE, 1);
	}
	PQfinish(connection);
	puts("done");
	return 0;
}

/* Opens and closes one connection after the other, by the way that each letter of a word names:
 * the first letter opens, the second closes, the third opens the next, and so on.
 *
 *	a, b   a caller each     c   b's, from one further out     r   a caller that calls itself
 *	v      a caller whose frame has another size each time
 */
#include <alloca.h>
#include <libpq-fe.h>
#include <stdio.h>

static PGconn *connection;
static size_t size;

/* Not the last thing that a function does, or it would not be on the stack. */
#define STAY __asm__ volatile("")
#define APART __attribute__((noinline))

static APART void act(void)
{
	if (connection) {
		PQfinish(connection);
		connection = NULL;
	} else {
		connection = PQconnectdb("");
	}
	STAY;
}

static APART void caller_a(void)
{
	act();
	STAY;
}

static APART void caller_b(void)
{
	act();
	STAY;
}

static APART void caller_c(void)
{
	caller_b();
	STAY;
}

static APART void recurse(int left)
{
	if (left)
		recurse(left - 1);
	else
		act();
	STAY;
}

static APART void caller_r(void)
{
	recurse(3);
	STAY;
}

static APART void caller_v(void)
{
	char *room = alloca(size += 48);

	room[0] = 1;
	act();
	__asm__ volatile("" : : "r"(room) : "memory");
}

int main(int argc, char **argv)
{
	static void (*const ways[])(void) = { ['a'] = caller_a, ['b'] = caller_b, ['c'] = caller_c,
					      ['r'] = caller_r, ['v'] = caller_v };

	if (argc != 2)
		return 2;
	for (const char *letter = argv[1]; *letter; letter++)
		ways[(unsigned char)*letter]();
	return connection != NULL;
}

/* Opens connections by ways taken at random: functions whose frames have other sizes, some of
 * them another one each time, call each other through pointers. Prints each way, a letter a
 * function, outermost first.
 *
 *	random_ways OPENINGS
 */
#include <alloca.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MAX = 5, SIZES = 6, SIZE_STEP = 16 };

static char way[DEPTH_MAX + 1];
static size_t length;

/* Not the last thing that a function does, or it would not be on the stack. */
#define STAY __asm__ volatile("" : : : "memory")
/* What is in it stays what it was: the words of an earlier call. */
#define UNTOUCHED(room) __asm__ volatile("" : : "r"(room) : "memory")

static unsigned choose(unsigned among)
{
	static unsigned seed = 1;

	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % among;
}

static __attribute__((noinline)) void act(void)
{
	PGconn *connection = PQconnectdb("");

	way[length] = '\0';
	printf("%s\n", way);
	PQfinish(connection);
	STAY;
}

static void go_on(unsigned left);

#define FIXED(letter, size) \
	static __attribute__((noinline)) void way_##letter(unsigned left) \
	{ \
		char room[size]; \
		UNTOUCHED(room); \
		way[length++] = #letter[0]; \
		go_on(left); \
		length--; \
		STAY; \
	}

#define VARIABLE(letter, size) \
	static __attribute__((noinline)) void way_##letter(unsigned left) \
	{ \
		char room[size], *more = alloca((1 + choose(SIZES)) * SIZE_STEP); \
		UNTOUCHED(room); \
		UNTOUCHED(more); \
		way[length++] = #letter[0]; \
		go_on(left); \
		length--; \
		STAY; \
	}

VARIABLE(a, 16)
FIXED(b, 40)
FIXED(c, 64)
VARIABLE(d, 88)
FIXED(e, 112)
FIXED(f, 136)

static void (*const ways[])(unsigned left) = { way_a, way_b, way_c, way_d, way_e, way_f };

static inline __attribute__((always_inline)) void go_on(unsigned left)
{
	if (left)
		ways[choose(sizeof(ways) / sizeof(*ways))](left - 1);
	else
		act();
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	for (int left = atoi(argv[1]); left > 0; left--)
		go_on(1 + choose(DEPTH_MAX));
	return 0;
}

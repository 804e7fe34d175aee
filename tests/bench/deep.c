/* Opens connections, each through a stack of its own, so that there are as many different
 * return addresses as the levels have calls: 20,000. Says when it is done, and waits for the
 * end of its input.
 *
 *	deep COUNT
 *
 * COUNT is at most 20,000.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "deep.h"

static void open_one(void)
{
	if (PQstatus(PQconnectdb("host=127.0.0.1 dbname=app user=postgres")) != CONNECTION_OK)
		exit(1);
}

int main(int argc, char **argv)
{
	const unsigned long turns = DEEP_FUNCTIONS * DEEP_CALLS;
	/* None has a divisor in common with that: each level takes each turn as often. */
	static const unsigned long strides[DEEP_LEVELS] = { 1, 3, 7, 9, 11, 13, 17, 19, 21, 23 };
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	char byte;

	for (unsigned long i = 0; i < count; i++) {
		struct errand errand = { .run = open_one };

		/* The first two turns are another pair each time. */
		for (unsigned long level = 0; level < DEEP_LEVELS; level++)
			errand.turn[level] = (uint16_t)((i * strides[level] +
							 (level ? i / turns : 0)) % turns);
		deep_level_0[errand.turn[0] / DEEP_CALLS](&errand);
	}
	puts("done");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	return 0;
}

/* A step: the program stands still until the test has had its look. A byte is written to the
 * first descriptor of PQLEAK_TEST_STEPS ("W,R"), and one is awaited from the second.
 */
#ifndef STEP_WAIT_H
#define STEP_WAIT_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void step_wait(void)
{
	const char *descriptors = getenv("PQLEAK_TEST_STEPS");
	int to_test, from_test;
	char byte = '.';

	if (descriptors == NULL || sscanf(descriptors, "%d,%d", &to_test, &from_test) != 2)
		return;
	if (write(to_test, &byte, 1) != 1 || read(from_test, &byte, 1) != 1)
		exit(99);
}

#endif

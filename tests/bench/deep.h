/* Many functions, one file a level, that call each other from many places: deep_level.py writes
 * them. */
#ifndef DEEP_H
#define DEEP_H

#include <stdint.h>

enum {
	DEEP_LEVELS = 10,
	DEEP_FUNCTIONS = 200, /* a level */
	DEEP_CALLS = 10       /* a function: each is a return address of its own */
};

struct errand {
	uint16_t turn[DEEP_LEVELS]; /* which call of which function: function * DEEP_CALLS + call */
	void (*run)(void);
};

typedef void deep_function(struct errand *errand);

extern deep_function *const deep_level_0[DEEP_FUNCTIONS];

/* Not a jump, or the caller would not be on the stack; nor are two calls, or two functions, made
 * one. */
#define DEEP_BEHIND(number) __asm__ volatile("" : : "i"(number))

#endif

#!/usr/bin/env python3
"""Writes the functions of one level of deep.c: each calls those of the next level, every other
one through a function that is inlined.

    deep_level.py LEVEL LEVELS FUNCTIONS CALLS
"""
import sys

HEAD = """#include "deep.h"

#define DEEP_LEVEL {level}
{next_level}
static inline __attribute__((always_inline)) void call_next_{level}(struct errand *errand)
{{
	{call};
}}
"""
FUNCTION = """
static void level_{level}_function_{number}(struct errand *errand)
{{
	switch (errand->turn[{level}] % DEEP_CALLS) {{
{cases}	}}
}}
"""
CASE = """	case {call}:
		{way};
		DEEP_BEHIND({number});
		break;
"""
TABLE = """
deep_function *const deep_level_{level}[DEEP_FUNCTIONS] = {{
{rows}}};
"""


def main():
    level, levels, functions, calls = map(int, sys.argv[1:])
    is_last = level + 1 == levels
    next_level = "" if is_last else (
        f"extern deep_function *const deep_level_{level + 1}[DEEP_FUNCTIONS];\n")
    call = "errand->run()" if is_last else (
        f"deep_level_{level + 1}[errand->turn[{level + 1}] / DEEP_CALLS](errand)")
    ways = [call, f"call_next_{level}(errand)"]
    print(HEAD.format(level=level, next_level=next_level, call=call), end="")
    for number in range(functions):
        cases = "".join(CASE.format(call=turn, way=ways[turn % 2], number=number * calls + turn)
                        for turn in range(calls))
        print(FUNCTION.format(level=level, number=number, cases=cases), end="")
    rows = "".join(f"\tlevel_{level}_function_{number},\n" for number in range(functions))
    print(TABLE.format(level=level, rows=rows), end="")


main()

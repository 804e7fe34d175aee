"""Opens and closes connections by psycopg2, again and again, from a stack of some depth: prints
the nanoseconds of processor time and of time that one takes.

    opens.py ROUNDS DEPTH

DEPTH counts Python's frames, psycopg2.connect included. The innermost of its own are called through
C: of CPython 3.11, psycopg2's C and libpq's call there are 36 native frames then.
"""
import functools
import sys
import time

import psycopg2

WARM = 200
FRAMES_HERE = 4  # psycopg2.connect, run's own, main's and the module's
THROUGH_C = 4    # each is four native frames more


def run(rounds, depth):
    if depth > THROUGH_C:
        return run(rounds, depth - 1)
    if depth > 0:
        return functools.partial(run, rounds, depth - 1)()
    for _ in range(WARM):
        psycopg2.connect("fake_socket=one").close()
    cpu, wall = time.process_time_ns(), time.perf_counter_ns()
    for _ in range(rounds):
        psycopg2.connect("fake_socket=one").close()
    return (time.process_time_ns() - cpu) / rounds, (time.perf_counter_ns() - wall) / rounds


def main():
    rounds, depth = (int(argument) for argument in sys.argv[1:])
    print("{:.2f} {:.2f}".format(*run(rounds, depth - FRAMES_HERE)))


main()

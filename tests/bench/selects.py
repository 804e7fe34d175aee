"""`select 1` by psycopg2, again and again, from a stack of some depth: prints the nanoseconds of
processor time and of time that one takes.

    selects.py ROUNDS DEPTH
"""
import sys
import time

import psycopg2


def run(connection, rounds, depth):
    if depth:
        return run(connection, rounds, depth - 1)
    cursor = connection.cursor()
    cursor.execute("select 1")
    cpu, wall = time.process_time_ns(), time.perf_counter_ns()
    for _ in range(rounds):
        cursor.execute("select 1")
    return (time.process_time_ns() - cpu) / rounds, (time.perf_counter_ns() - wall) / rounds


def main():
    rounds, depth = (int(argument) for argument in sys.argv[1:])
    connection = psycopg2.connect("")
    connection.autocommit = True
    print("{:.2f} {:.2f}".format(*run(connection, rounds, depth)))
    connection.close()


main()

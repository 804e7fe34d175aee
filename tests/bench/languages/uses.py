"""Uses a connection again and again, from a stack of some depth: prints the nanoseconds of
processor time that one use takes.

    uses.py ROUNDS DEPTH THREADS
"""
import ctypes
import sys
import threading
import time

WARM = 100

libpq = ctypes.CDLL("libpq.so.5")
libpq.PQconnectdb.restype = ctypes.c_void_p
flush = libpq.PQflush
flush.argtypes = [ctypes.c_void_p]


def deep(depth, connection, rounds):
    if depth > 1:
        deep(depth - 1, connection, rounds)
        return
    for _ in range(rounds):
        flush(connection)


def work(rounds, depth, threads):
    connections = [libpq.PQconnectdb(b"") for _ in range(threads)]
    workers = [threading.Thread(target=deep, args=(depth, connection, rounds))
               for connection in connections]
    for connection in connections:
        deep(depth, connection, WARM)
    begun = time.process_time_ns()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return (time.process_time_ns() - begun) / rounds / threads


print("{:.2f}".format(work(*map(int, sys.argv[1:]))))

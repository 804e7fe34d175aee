"""psycopg2 in threads, each with a connection in a threading.local, as people keep them."""
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg2

THREADS = 2
local = threading.local()


def select():
    with local.connection, local.connection.cursor() as cursor:
        cursor.execute("select 1")
        return cursor.fetchone()[0]


def close(_):
    local.connection = psycopg2.connect("")
    try:
        return select()
    finally:
        local.connection.close()


def forget(_):
    local.connection = psycopg2.connect("")  # leak here
    return select()


def in_threads(work):
    def job(number):
        barrier.wait()  # so that each thread has one of them
        return work(number)

    with ThreadPoolExecutor(THREADS) as executor:
        return list(executor.map(job, range(THREADS)))


barrier = threading.Barrier(THREADS)
if sys.argv[1] == "closes":
    print(close(THREADS), in_threads(close))
else:
    print(in_threads(forget))
print("end")

"""A pool fills slowly: every 0.4 seconds one more thread works than before, until there are as
many as the pool has room for. "sqlalchemy" is a QueuePool of 10, "own" a list of 60, as programs
have them. Prints the load after each round; ends when its input does, and closes everything.
Server and user come from PGHOST, PGPORT, PGUSER and PGDATABASE.
"""
import select
import sys
import threading

import psycopg2
from sqlalchemy import create_engine, text

SECONDS_A_ROUND = 0.4


class EnginePool:
    size = 10

    def __init__(self):
        self.engine = create_engine("postgresql+psycopg2://", pool_size=self.size, max_overflow=0)

    def work(self, barrier):
        with self.engine.connect() as connection:
            connection.execute(text("select 1"))
            barrier.wait()

    def close(self):
        self.engine.dispose()


class OwnPool:
    size = 60

    def __init__(self):
        self.idle = []

    def work(self, barrier):
        try:
            connection = self.idle.pop()
        except IndexError:
            connection = psycopg2.connect("")
            connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select 1")
        barrier.wait()
        self.idle.append(connection)

    def close(self):
        for connection in self.idle:
            connection.close()


pool = {"sqlalchemy": EnginePool, "own": OwnPool}[sys.argv[1]]()
load = 0
while not select.select([sys.stdin], [], [], SECONDS_A_ROUND)[0]:
    load = min(load + 1, pool.size)
    barrier = threading.Barrier(load)
    threads = [threading.Thread(target=pool.work, args=(barrier,)) for _ in range(load)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(load, flush=True)
pool.close()

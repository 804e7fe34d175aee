"""A mixed load, all of it legal: threads over a SQLAlchemy pool, threads with psycopg 3, and
pgbench as children; for a number of rounds, or for a time. Everything is closed at the end.
"""
import argparse
import subprocess
import threading
import time

import psycopg
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

engine = create_engine("postgresql+psycopg2://", pool_size=3, max_overflow=2)


def with_sessions(turn):
    with Session(engine) as session:
        session.execute(text("select 1"))
        session.commit()
        session.execute(text("insert into mixed_load values (:turn)"), {"turn": turn})
        session.rollback() if turn % 2 else session.commit()
    try:
        with Session(engine) as session:
            session.execute(text("select 1 / 0"))
    except DBAPIError:
        pass
    with engine.connect() as connection, connection.execution_options(
            stream_results=True).execute(text("select generate_series(1, 500)")) as rows:
        rows.fetchmany(10)


def with_psycopg(turn):
    with psycopg.connect("") as connection:
        with connection.cursor() as cursor, cursor.copy("copy mixed_load from stdin") as copy:
            for row in range(50):
                copy.write_row((row,))
        with connection.pipeline():
            for value in range(10):
                connection.execute("select %s::int", (value,))
        with connection.cursor(name="of_the_server") as cursor:
            cursor.execute("select generate_series(1, 500)").fetchmany(10)
    with psycopg.connect("", autocommit=True) as connection:
        connection.execute("listen mixed_load")
        connection.execute("notify mixed_load")
        if turn % 2:
            try:
                connection.execute("select no_such_column")
            except psycopg.Error:
                pass


def with_pgbench(turn):
    mode = ("simple", "extended", "prepared")[turn % 3]
    subprocess.run([arguments.pgbench, "-n", "-c", "2", "-j", "2", "-t", "20", "-N", "-M", mode,
                    *(["-C"] if turn % 2 else [])], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def is_over(turn):
    if arguments.seconds:
        return time.monotonic() - began > arguments.seconds
    return turn >= arguments.rounds


def repeat(work):
    turn = 0
    while not is_over(turn):
        work(turn)
        turn += 1
    turns.append(turn)


parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=10)
parser.add_argument("--seconds", type=float, default=0)
parser.add_argument("--pgbench", default="pgbench")
arguments = parser.parse_args()
began = time.monotonic()
turns = []
with engine.begin() as first:
    first.execute(text("drop table if exists mixed_load"))
    first.execute(text("create unlogged table mixed_load (a int)"))
threads = [threading.Thread(target=repeat, args=(work,))
           for work in [with_sessions] * 4 + [with_psycopg] * 2 + [with_pgbench] * 2]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
engine.dispose()
assert len(turns) == len(threads), "a thread failed"
print("turns", sum(turns))

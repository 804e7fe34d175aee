"""Opens one connection with psycopg 3 and ends in the way that the argument names.

Server and user come from PGHOST, PGPORT, PGUSER and PGDATABASE.
"""
import gc
import sys

import psycopg

kept = []


def open_one():
    return psycopg.connect("")


def end_close():
    open_one().close()


def end_with():
    with open_one() as connection:
        connection.execute("select 1")


def end_collected():
    gc.disable()
    holder = [open_one()]
    holder.append(holder)
    del holder
    print("collected", gc.collect() > 0)


def end_dropped():
    connection = open_one()
    del connection


def end_shutdown():
    kept.append(open_one())


globals()["end_" + sys.argv[1]]()

"""Opens one connection with psycopg 3 and ends in the way that the argument names.

Server and user come from PGHOST, PGPORT, PGUSER and PGDATABASE.
"""
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


def end_shutdown():
    kept.append(open_one())


globals()["end_" + sys.argv[1]]()

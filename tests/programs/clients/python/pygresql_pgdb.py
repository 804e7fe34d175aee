"""PyGreSQL's DB API: closing(...) closes; its `with` ends the transaction only."""
import contextlib
import sys

import pgdb


def select(connection):
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        return cursor.fetchone()[0]


def close():
    with contextlib.closing(pgdb.connect()) as connection, connection:
        return select(connection)


def forget():
    with pgdb.connect() as connection:  # leak here
        return select(connection)


print(close() if sys.argv[1] == "closes" else forget())
print("end")

"""psycopg2-binary: its `with` ends the transaction, and leaves the connection open."""
import contextlib
import sys

import psycopg2


def forget():
    with psycopg2.connect("") as connection, connection.cursor() as cursor:  # leak here
        cursor.execute("select 1")
        return cursor.fetchone()


def close():
    with contextlib.closing(psycopg2.connect("")) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute("select 1")
            return cursor.fetchone()


print(close() if sys.argv[1] == "closes" else forget())
print("end")

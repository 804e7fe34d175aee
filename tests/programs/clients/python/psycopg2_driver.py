"""psycopg2: the module's own connections."""
import sys

import psycopg2


def main(mode):
    connection = psycopg2.connect("")  # leak here
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        print(cursor.fetchone())
    if mode == "closes":
        connection.close()
        print("closed")
    return connection


kept = main(sys.argv[1])
print("end")

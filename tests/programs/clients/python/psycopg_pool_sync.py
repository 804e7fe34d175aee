"""psycopg_pool: a connection that is taken out of a pool, and never put back."""
import sys

from psycopg_pool import ConnectionPool


def select(connection):
    print(connection.execute("select 1").fetchone())


def main(mode):
    pool = ConnectionPool("", min_size=1, open=False)
    pool.open(wait=True)
    with pool:
        if mode == "closes":
            with pool.connection() as connection:
                select(connection)
        else:
            kept.append(pool.getconn())
            kept[0].execute("select 2")  # leak here


kept = []
main(sys.argv[1])
print("end")

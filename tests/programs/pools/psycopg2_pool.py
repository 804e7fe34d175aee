"""psycopg2.pool: a SimpleConnectionPool and a ThreadedConnectionPool."""
import sys

from psycopg2.pool import SimpleConnectionPool, ThreadedConnectionPool
from step import step

kind = {"simple": SimpleConnectionPool, "threaded": ThreadedConnectionPool}[sys.argv[1]]
pool = kind(2, 4, "")


def say(name, **more):
    step(name, len(pool._pool), len(pool._used), **more)


def ask(connection):
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        cursor.fetchall()


say("filled")
one, two, three = pool.getconn(), pool.getconn(), pool.getconn()
ask(one)
ask(two)
say("two in a transaction, one opened for somebody", silent_out=1, by=["ask"] * 2)
pool.putconn(one)
say("one put back: rolled back", silent_out=1, by=["ask"])
two.commit()
say("one committed, and held", silent_out=2)
pool.putconn(two)
say("one committed, and put back", silent_idle=1, silent_out=1)
ask(three)
pool.putconn(three)
say("one more than it keeps put back: closed", silent_idle=1)
again = pool.getconn()
ask(again)
say("out again", by=["ask"])
pool.closeall()

"""psycopg_pool: a ConnectionPool, its context, getconn and putconn, its checks; a
NullConnectionPool."""
import logging

from psycopg_pool import ConnectionPool, NullConnectionPool
from step import step

logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
pool = ConnectionPool("", min_size=2, max_size=3, open=False,
                      check=ConnectionPool.check_connection)


def say(name, **more):
    stats = pool.get_stats()
    step(name, stats["pool_available"], stats["pool_size"] - stats["pool_available"], **more)


def ask(connection):
    connection.execute("select 1")


pool.open(wait=True)
say("filled")
with pool.connection() as connection:
    say("checked, and not used", silent_out=1)
    ask(connection)
    say("in a transaction", by=["ask"])
say("after the context: committed")
held = [pool.getconn() for _ in range(3)]
for connection in held:
    ask(connection)
say("all out", by=["ask"] * 3)
pool.putconn(held[0])
say("put back in a transaction: rolled back", by=["ask"] * 2)
held[1].commit()
say("committed, and held", silent_out=1, by=["ask"])
pool.putconn(held[1])
say("committed, and put back", silent_idle=1, by=["ask"])
pool.putconn(held[2])
pool.check()
say("checked by the pool")
pool.close()

nothing = NullConnectionPool("", max_size=2)
nothing.open(wait=True)
connection = nothing.getconn()
step("connected for somebody", 0, 1, silent_out=1)
ask(connection)
step("in a transaction", 0, 1, by=["ask"])
nothing.putconn(connection)
nothing.close()

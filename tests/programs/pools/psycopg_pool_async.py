"""psycopg_pool: an AsyncConnectionPool, whose tasks wait in one thread."""
import asyncio

from psycopg_pool import AsyncConnectionPool
from step import step


def say(pool, name, **more):
    stats = pool.get_stats()
    step(name, stats["pool_available"], stats["pool_size"] - stats["pool_available"], **more)


async def hold(pool, is_held, go):
    async with pool.connection() as connection:
        await connection.execute("select 1")
        is_held.set()
        await go.wait()


async def main():
    async with AsyncConnectionPool("", min_size=2, max_size=2, open=False) as pool:
        await pool.wait()
        say(pool, "filled")
        is_held, go = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(hold(pool, is_held, go))
        await is_held.wait()
        say(pool, "one task has one", by=["hold"])
        go.set()
        await task
        say(pool, "the task is over")


asyncio.run(main())

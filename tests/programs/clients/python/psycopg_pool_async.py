"""psycopg_pool with asyncio: a pool a request, never closed."""
import asyncio
import sys

from psycopg_pool import AsyncConnectionPool

kept = []


async def close():
    async with AsyncConnectionPool("", min_size=1) as pool:
        await pool.wait()
        async with pool.connection() as connection:
            print(connection.info.dbname != "")


async def forget():
    pool = AsyncConnectionPool("", min_size=1, open=False)
    kept.append(pool)
    await pool.open(wait=True)
    async with pool.connection() as connection:  # leak here
        await connection.execute("select 1")


async def main(mode):
    for _ in range(3):
        await (close() if mode == "closes" else forget())


asyncio.run(main(sys.argv[1]))
print("end")

"""psycopg 3 with asyncio: a task that ends without closing its connection."""
import asyncio
import sys

import psycopg


async def close():
    async with await psycopg.AsyncConnection.connect("") as connection:
        cursor = await connection.execute("select 1")
        print(await cursor.fetchone())


async def forget():
    connection = await psycopg.AsyncConnection.connect("", autocommit=True)  # leak here
    cursor = await connection.execute("select 1")
    print(await cursor.fetchone())


async def main(mode):
    await asyncio.create_task(close())
    if mode == "leaks":
        await asyncio.create_task(forget())


asyncio.run(main(sys.argv[1]))
print("end")

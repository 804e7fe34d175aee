"""Speaks PostgreSQL through asyncpg, twice at once."""
import asyncio

import asyncpg


async def main():
    connections = [await asyncpg.connect(), await asyncpg.connect()]
    for connection in connections:
        print(await connection.fetchval("select 1"))
        await connection.close()

asyncio.run(main())

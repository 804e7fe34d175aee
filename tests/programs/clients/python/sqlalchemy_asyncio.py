"""SQLAlchemy's asyncio: a session that is never closed, in a task of its own."""
import asyncio
import sys

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine


async def close(engine):
    async with AsyncSession(engine) as session:
        print((await session.execute(text("select 1"))).scalar())


async def forget(engine):
    session = AsyncSession(engine)
    print((await session.execute(text("select 1"))).scalar())  # leak here
    return session


async def main(mode):
    engine = create_async_engine("postgresql+psycopg://")
    kept.append(await asyncio.create_task((close if mode == "closes" else forget)(engine)))
    if mode == "closes":
        await engine.dispose()


kept = []
asyncio.run(main(sys.argv[1]))
print("end")

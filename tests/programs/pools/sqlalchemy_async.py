"""SQLAlchemy's asyncio engine: its pool works in a greenlet, out of sight."""
import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from step import step

engine = create_async_engine("postgresql+psycopg://", pool_size=2)


def say(name, **more):
    step(name, engine.pool.checkedin(), engine.pool.checkedout(), **more)


async def hold():
    session = AsyncSession(engine)
    await session.execute(text("select 1"))
    return session


async def main():
    sessions = [await hold() for _ in range(2)]
    say("two sessions", by=["hold", "hold"])
    await sessions[0].commit()
    say("one committed", by=["hold"])
    await sessions[1].close()
    say("one closed")
    async with engine.begin() as connection:
        await connection.execute(text("select 1"))
    say("after engine.begin()")
    await engine.dispose()


asyncio.run(main())

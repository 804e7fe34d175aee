"""SQLAlchemy: a pool that pings what it gives away, one that recycles it, and pools of other
types."""
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool, SingletonThreadPool, StaticPool
from step import step

URL = "postgresql+psycopg2://"
ONE = text("select 1")

engine = create_engine(URL, pool_size=2, pool_pre_ping=True)


def take():
    return engine.connect()


with take() as connection:
    connection.execute(ONE)
step("back in the pool", engine.pool.checkedin(), engine.pool.checkedout())
connection = take()
step("pinged, and not used", engine.pool.checkedin(), engine.pool.checkedout(), by=["take"])
connection.close()
step("given back after the ping alone", 0, 1 - 1 + engine.pool.checkedin(), by=["take"])
engine.dispose()

recycling = create_engine(URL, pool_size=1, pool_recycle=0)
for _ in range(2):
    with recycling.connect() as connection:
        connection.execute(ONE)
step("recycled", recycling.pool.checkedin(), recycling.pool.checkedout())
recycling.dispose()

others = [create_engine(URL, poolclass=one) for one in (NullPool, SingletonThreadPool, StaticPool)]
held = [other.connect() for other in others]
for connection in held:
    connection.execute(ONE)
step("pools of three types", 0, 3, by=["<module>"] * 3)

"""SQLAlchemy: a pool that pings what it gives away, one that connects again, and pools of other
types. Those that were disposed of are gone."""
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool, SingletonThreadPool, StaticPool
from step import step

URL = "postgresql+psycopg2://"
ONE = text("select 1")


def hold(engine):
    connection = engine.connect()
    connection.execute(ONE)
    return connection


def ask(engine):
    with engine.connect() as connection:
        connection.execute(ONE)


pinging = create_engine(URL, pool_size=2, pool_pre_ping=True)
ask(pinging)
step("back in the pool", pinging.pool.checkedin(), pinging.pool.checkedout())
connection = pinging.connect()
step("pinged, and not used", pinging.pool.checkedin(), pinging.pool.checkedout(), silent_out=1)
connection.close()
step("back, and not used", pinging.pool.checkedin(), pinging.pool.checkedout(), silent_idle=1)
pinging.dispose()

recycling = create_engine(URL, pool_size=1, pool_recycle=0)
for _ in range(2):
    ask(recycling)
step("connected again", recycling.pool.checkedin(), recycling.pool.checkedout())
recycling.dispose()

others = [create_engine(URL, poolclass=one) for one in (NullPool, SingletonThreadPool, StaticPool)]
held = [hold(other) for other in others]
step("pools of three types", 0, 3, by=["hold"] * 3)

"""SQLAlchemy: a pool that has given all it has to threads that do not give it back, and
refuses the next."""
import threading

from sqlalchemy import create_engine, text
from sqlalchemy.exc import TimeoutError as Exhausted
from sqlalchemy.orm import Session
from step import step

engine = create_engine("postgresql+psycopg2://", pool_size=4, max_overflow=2, pool_timeout=0.1)
ONE = text("select 1")
held = []


def worker():
    """Each in a thread of its own, as in a server."""
    connection = engine.connect()
    held.append(connection)
    connection.execute(ONE)
    # A later statement of the same transaction: it is held since the first one.
    connection.execute(ONE)


def report():
    session = Session(engine)
    held.append(session)
    session.execute(ONE)


def export():
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.execute(ONE)
    held.append(connection)


for target in [worker, worker, worker, report, report, export]:
    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
try:
    engine.connect()
except Exhausted:
    step("exhausted", 0, 6, silent_out=1, by=["worker"] * 3 + ["report"] * 2)

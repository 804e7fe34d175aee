"""SQLAlchemy: what goes out of a QueuePool, and comes back, in each way that people use."""
import gc
import threading

from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker
from step import step

engine = create_engine("postgresql+psycopg2://", pool_size=3, max_overflow=2)
Session = sessionmaker(bind=engine)
ONE = text("select 1")


def say(name, **more):
    step(name, engine.pool.checkedin(), engine.pool.checkedout(), **more)


def hold():
    connection = engine.connect()
    connection.execute(ONE)
    return connection


def hold_session():
    session = Session()
    session.execute(ONE)
    return session


def in_thread():
    done, go = threading.Event(), threading.Event()

    def worker():
        connection = hold()
        done.set()
        go.wait()
        connection.close()

    thread = threading.Thread(target=worker)
    thread.start()
    done.wait()
    return thread, go


def leave_to_the_collector():
    connection = hold()
    circle = [connection]
    circle.append(circle)


first = engine.connect()
say("connected for somebody, and not used", silent_out=1)
first.execute(ONE)
say("in a transaction", by=["<module>"])
first.close()
say("closed: rolled back")

sessions = [hold_session() for _ in range(2)]
say("two sessions", by=["hold_session", "hold_session"])
sessions[0].commit()
say("one session committed, and gave it back", by=["hold_session"])
sessions[1].close()
say("the other one closed")

with engine.begin() as connection:
    connection.execute(ONE)
    say("inside of engine.begin()", by=["<module>"])
say("after engine.begin()")

with Session() as session:
    session.execute(ONE)
say("after a session's with")

third = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
third.execute(ONE)
say("used outside of a transaction, and held", silent_out=1)
third.close()
say("used outside of a transaction, and back", silent_idle=1)

leave_to_the_collector()
gc.collect()
say("left to the collector", silent_idle=1)

thread, go = in_thread()
held = [hold() for _ in range(4)]
say("all are out", by=["hold"] * 5)
go.set()
thread.join()
for connection in held:
    connection.close()
say("all are back")
engine.dispose()

"""Sessions of SQLAlchemy, one after the other, through one engine's pool: each runs one query.
Prints the seconds of processor time that all of them take, then the seconds of each.

    sessions.py COUNT
"""
import sys
import time

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

ENGINE = create_engine("postgresql+psycopg2://")


def work():
    with Session(ENGINE) as session:
        session.execute(text("select 1")).scalar()


def main():
    for _ in range(10):
        work()
    began_cpu, times = time.process_time(), [time.perf_counter()]
    for _ in range(int(sys.argv[1])):
        work()
        times.append(time.perf_counter())
    print(time.process_time() - began_cpu,
          *(later - earlier for earlier, later in zip(times, times[1:])))
    ENGINE.dispose()


main()

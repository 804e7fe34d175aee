"""Sessions of SQLAlchemy, one after the other, through one engine's pool: each runs one query.
Prints the seconds, and those of processor time, that all of them take.

    sessions.py COUNT
"""
import sys
import time

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

ENGINE = create_engine("postgresql+psycopg2://")


def work(count):
    for _ in range(count):
        with Session(ENGINE) as session:
            session.execute(text("select 1")).scalar()


def main():
    work(10)
    began, began_cpu = time.perf_counter(), time.process_time()
    work(int(sys.argv[1]))
    print(time.perf_counter() - began, time.process_time() - began_cpu)
    ENGINE.dispose()


main()

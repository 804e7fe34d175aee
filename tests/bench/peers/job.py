"""Answers requests, each with an engine of its own, which nobody disposes of.

    job.py REQUESTS

Server and user come from PGHOST, PGPORT, PGUSER and PGDATABASE.
"""
import sys

from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker

URL = "postgresql+psycopg2://"


def handle_request():
    session_of = sessionmaker(bind=create_engine(URL))
    with session_of() as session:
        return session.execute(text("select 1")).scalar()


def count_users(engine):
    with engine.connect() as connection:
        return connection.execute(text("select count(*) from pg_user")).scalar()


def main(requests):
    shared = create_engine(URL)
    for _ in range(requests):
        handle_request()
        count_users(shared)
    shared.dispose()
    print("done")


main(int(sys.argv[1]))

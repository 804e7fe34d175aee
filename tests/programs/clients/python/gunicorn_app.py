"""An application for gunicorn, and its configuration: the engine is used before the fork.

PREFORK says what is done after it: "disposes" as SQLAlchemy's manual has it, "closes" as
many do, or "leaks": each request opens a connection of its own.
"""
import os

import psycopg2
from sqlalchemy import create_engine, text

mode = os.environ["PREFORK"]
engine = create_engine("postgresql+psycopg2://", pool_pre_ping=True)
kept = []


def select():
    with engine.connect() as connection:
        return connection.execute(text("select 1")).scalar()


def forget():
    kept.append(psycopg2.connect(""))  # leak here
    return len(kept)


def application(environ, start_response):
    body = str(forget() if mode == "leaks" else select()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def when_ready(server):
    print("ready", server.pid, flush=True)


def post_fork(server, worker):
    engine.dispose(close=mode == "closes")


def worker_exit(server, worker):
    engine.dispose()


def on_exit(server):
    engine.dispose()


preload_app = True
wsgi_app = "gunicorn_app:application"
select()

"""A server that made its engine, and used it, before it forks; each worker replaces the pool
by one of its own, as gunicorn's post_fork would, and keeps one connection."""
import os
import sys

from sqlalchemy import create_engine, text

WORKERS = 3

engine = create_engine(f"postgresql+{sys.argv[1]}://", pool_size=1, max_overflow=0)


def ask():
    with engine.connect() as connection:
        connection.execute(text("select 1"))


def post_fork():
    try:
        engine.dispose(close=False)
    except TypeError:  # before SQLAlchemy 1.4.33
        engine.pool = engine.pool.recreate()


def worker():
    post_fork()
    for _ in range(4):
        ask()
    print("waiting", flush=True)
    sys.stdin.read()
    engine.dispose()


ask()
children = []
for _ in range(WORKERS):
    child = os.fork()
    if not child:
        worker()
        sys.exit()
    children.append(child)
for child in children:
    os.waitpid(child, 0)
engine.dispose()

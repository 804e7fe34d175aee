"""A server forks workers, and each has a pool that is filled when it is busy."""
import os
import sys

from sqlalchemy import create_engine, text

WORKERS = 3


def work(engine):
    """Four requests at once: the pool keeps their connections for the next ones."""
    connections = [engine.connect() for _ in range(4)]  # here
    for connection in connections:
        connection.execute(text("select 1"))
        connection.close()


def worker():
    work(create_engine(f"postgresql+{sys.argv[1]}://", pool_size=5))
    print("waiting", flush=True)
    sys.stdin.read()


children = []
for _ in range(WORKERS):
    child = os.fork()
    if not child:
        worker()
        sys.exit()
    children.append(child)
for child in children:
    os.waitpid(child, 0)

"""The engine is cached; each request has a session, which gives its connection back."""
import functools
import sys

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session


@functools.lru_cache(maxsize=None)
def get_engine():
    return create_engine(f"postgresql+{sys.argv[1]}://")


def handle_request(number):
    with Session(get_engine()) as session:
        session.execute(text("select :number"), {"number": number})  # here


for number in range(6):
    handle_request(number)
print("waiting", flush=True)
sys.stdin.read()

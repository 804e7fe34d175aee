"""One session is cached for all requests: it begins a transaction, and keeps its connection."""
import functools
import sys

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session


@functools.lru_cache(maxsize=None)
def get_session():
    return Session(create_engine(f"postgresql+{sys.argv[1]}://"))


def handle_request(number):
    get_session().execute(text("select :number"), {"number": number})  # here


for number in range(6):
    handle_request(number)
print("waiting", flush=True)
sys.stdin.read()

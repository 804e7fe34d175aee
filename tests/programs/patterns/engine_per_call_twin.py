"""One engine, made once; each request has a session of its own."""
import sys

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

engine = create_engine(f"postgresql+{sys.argv[1]}://")


def handle_request(number):
    with Session(engine) as session:
        session.execute(text("select 1"))  # here


for number in range(6):
    handle_request(number)
print("waiting", flush=True)
sys.stdin.read()

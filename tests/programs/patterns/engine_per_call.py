"""Each request creates an engine of its own, and the engine a pool with one connection."""
import sys

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session


def handle_request(number):
    engine = create_engine(f"postgresql+{sys.argv[1]}://")
    with Session(engine) as session:
        session.execute(text("select 1"))  # here


for number in range(6):
    handle_request(number)
print("waiting", flush=True)
sys.stdin.read()

"""Two engines, one for each of two databases: both are needed."""
import sys

from sqlalchemy import create_engine, text

orders = create_engine(f"postgresql+{sys.argv[1]}://")
reports = create_engine(f"postgresql+{sys.argv[1]}:///postgres")


def ask(engine):
    with engine.connect() as connection:  # here
        return connection.execute(text("select 1")).scalar()


for number in range(3):
    ask(orders)
    ask(reports)
print("waiting", flush=True)
sys.stdin.read()

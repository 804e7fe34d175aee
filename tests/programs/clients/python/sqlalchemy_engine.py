"""SQLAlchemy: an engine a request, never disposed of. The driver is the first argument."""
import sys

from sqlalchemy import create_engine, text

engines = []


def close(driver):
    engine = create_engine(f"postgresql+{driver}://")
    with engine.connect() as connection:
        print(connection.execute(text("select 1")).scalar())
    engine.dispose()


def forget(driver):
    engines.append(create_engine(f"postgresql+{driver}://"))
    with engines[-1].connect() as connection:  # leak here
        print(connection.execute(text("select 1")).scalar())


for _ in range(3):
    (close if sys.argv[2] == "closes" else forget)(sys.argv[1])
print("end")

"""Each job closes its session in the end; the list keeps sessions that hold no connection."""
import sys

from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker

engine = create_engine(f"postgresql+{sys.argv[1]}://")
Session = sessionmaker(bind=engine)
jobs = []


def start_job(number):
    session = Session()
    try:
        session.execute(text("select :number"), {"number": number})  # here
    finally:
        session.close()
    jobs.append(session)


for number in range(4):
    start_job(number)
print("waiting", flush=True)
sys.stdin.read()

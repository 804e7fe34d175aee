"""Each job begins a session, reads, and forgets to close it: a list of jobs keeps it."""
import sys

from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker

engine = create_engine(f"postgresql+{sys.argv[1]}://")
Session = sessionmaker(bind=engine)
jobs = []


def start_job(number):
    session = Session()
    session.execute(text("select :number"), {"number": number})  # here
    jobs.append(session)


for number in range(4):
    start_job(number)
print("waiting", flush=True)
sys.stdin.read()

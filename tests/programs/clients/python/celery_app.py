"""An application for celery's prefork workers, without a broker: the worker sends its tasks.

PREFORK says what happens: "closes" or "leaks".
"""
import os
import signal

import psycopg2
from celery import Celery
from celery.signals import worker_process_shutdown, worker_ready

app = Celery("celery_app", broker="memory://")
app.conf.broker_transport_options = {"polling_interval": 0.01}
kept = []


def open_one():
    kept.append(psycopg2.connect(""))  # leak here
    print("opened", len(kept), flush=True)


@app.task
def work():
    open_one()
    if os.environ["PREFORK"] == "closes":
        kept.pop().close()


@app.task
def stop():
    os.kill(os.getppid(), signal.SIGTERM)


@worker_ready.connect
def send(**_):
    for task in work, work, work, stop:
        task.delay()

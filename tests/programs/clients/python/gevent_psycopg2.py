"""psycopg2 made cooperative for gevent by psycogreen: a greenlet that is killed at its work."""
from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402

import gevent  # noqa: E402
import psycopg2  # noqa: E402
from gevent.event import Event  # noqa: E402
from psycogreen.gevent import patch_psycopg  # noqa: E402


def work(connection):
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        print(cursor.fetchone())
    is_waiting.set()
    gevent.sleep(3600)


def close():
    connection = psycopg2.connect("")
    try:
        work(connection)
    finally:
        connection.close()


def forget():
    connection = psycopg2.connect("")  # leak here
    work(connection)
    connection.close()


patch_psycopg()
is_waiting = Event()
job = gevent.spawn(close if sys.argv[1] == "closes" else forget)
is_waiting.wait()
job.kill()
print("end")

"""Connections opened inside gevent greenlets, with psycopg2 made cooperative.

Server and user come from PGHOST, PGPORT, PGUSER and PGDATABASE.
"""
from gevent import monkey

monkey.patch_all()

import gevent
import psycopg2
from gevent.socket import wait_read, wait_write
from psycopg2 import extensions


def wait(connection):
    while True:
        state = connection.poll()
        if state == extensions.POLL_OK:
            return
        if state == extensions.POLL_READ:
            wait_read(connection.fileno())
        elif state == extensions.POLL_WRITE:
            wait_write(connection.fileno())


kept = []


def forget_in_greenlet(number):
    connection = psycopg2.connect("")
    cursor = connection.cursor()
    cursor.execute("select %s", (number,))
    kept.append(connection)
    return cursor.fetchone()[0]


extensions.set_wait_callback(wait)
jobs = [gevent.spawn(forget_in_greenlet, number) for number in range(5)]
gevent.joinall(jobs, raise_error=True)
print(sum(job.value for job in jobs))

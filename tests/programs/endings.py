"""Opens one connection with psycopg2 and ends in the way that the argument names.

Server and user come from PGHOST, PGPORT, PGUSER and PGDATABASE.
"""
import atexit
import contextlib
import gc
import multiprocessing
import os
import signal
import sys

import psycopg2

kept = []


def open_one():
    return psycopg2.connect("")


def end_close():
    connection = open_one()
    connection.close()


def end_closing():
    with contextlib.closing(open_one()) as connection:
        connection.cursor().execute("select 1")


def end_collected():
    holder = {"connection": open_one()}
    holder["self"] = holder
    del holder
    print("collected", gc.collect() > 0)


def end_dropped():
    connection = open_one()
    del connection


def end_shutdown():
    kept.append(open_one())


def end_atexit():
    atexit.register(open_one().close)


def end_underscore_exit():
    kept.append(open_one())
    os._exit(4)


def end_exec():
    kept.append(open_one())
    os.execv("/bin/true", ["true"])


def end_signal():
    kept.append(open_one())
    os.kill(os.getpid(), signal.SIGTERM)


def end_kill():
    kept.append(open_one())
    os.kill(os.getpid(), signal.SIGKILL)


def end_multiprocessing():
    """The child leaves by os._exit, as every multiprocessing child does."""
    child = multiprocessing.get_context("fork").Process(target=end_shutdown)
    child.start()
    child.join()
    print("child", child.exitcode)


def end_in_transaction():
    kept.append(open_one())
    kept[0].cursor().execute("select 1")


def end_failed():
    try:
        psycopg2.connect("dbname=no_such_database")
    except psycopg2.OperationalError as error:
        print(type(error).__name__)


if __name__ == "__main__":
    globals()["end_" + sys.argv[1]]()

"""A thread calls libpq with a connection while another is inside of a call with it, by ctypes;
with `locked`, it waits until the first has returned. With `driver`, many threads use one
psycopg2 connection, which has a lock of its own.
"""
import ctypes
import sys
import threading

NOTICE = b"do $$ begin raise notice 'now'; end $$"


def second(libpq, connection):
    libpq.PQflush(connection)


def run(libpq, connection):
    thread = threading.Thread(target=second, args=(libpq, connection))
    thread.start()
    thread.join()


def first(libpq, connection):
    libpq.PQclear(libpq.PQexec(connection, NOTICE))


def by_ctypes(is_locked):
    libpq = ctypes.CDLL("libpq.so.5")
    for name in ("PQconnectdb", "PQexec"):
        getattr(libpq, name).restype = ctypes.c_void_p
    processor = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)
    seen = []

    @processor
    def noticed(_, message):
        seen.append(message)
        if not is_locked:
            run(libpq, connection)

    libpq.PQclear.argtypes = libpq.PQflush.argtypes = libpq.PQfinish.argtypes = [ctypes.c_void_p]
    libpq.PQexec.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    libpq.PQsetNoticeProcessor.argtypes = [ctypes.c_void_p, processor, ctypes.c_void_p]
    connection = libpq.PQconnectdb(b"")
    libpq.PQsetNoticeProcessor(connection, noticed, None)
    first(libpq, connection)
    assert seen
    run(libpq, connection)
    libpq.PQfinish(connection)


def by_driver():
    import psycopg2

    connection = psycopg2.connect("")

    def use():
        for _ in range(50):
            with connection.cursor() as cursor:
                cursor.execute("select 1")
            connection.commit()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connection.close()


if sys.argv[1] == "driver":
    by_driver()
else:
    by_ctypes(sys.argv[1] == "locked")

"""Python whose cursors still have their last results when it ends, or whose calls of libpq leave
them: DRIVER is psycopg2 or psycopg, or ctypes for libpq itself."""
import ctypes
import sys

ROUNDS, CURSORS = 30, 120


def driver_connect(name):
    return __import__(name).connect("")


def run_queries(connection):
    cursor = connection.cursor()
    for number in range(ROUNDS):
        cursor.execute("select generate_series(1, 10)")
        if number % 3 == 0:
            cursor.fetchall()
        try:
            cursor.execute("select from nowhere")
        except Exception:
            connection.rollback()
    with connection.cursor() as copying:
        if hasattr(copying, "copy"):
            with copying.copy("copy (select generate_series(1, 10)) to stdout") as copy:
                list(copy)
        else:
            copying.copy_expert("copy (select 1) to stdout", open("/dev/null", "w"))
    connection.commit()
    connection.close()


def keep_cursor(connection):
    cursor = connection.cursor()
    cursor.execute("select 1")
    return cursor


def call_libpq(is_leaking):
    libpq = ctypes.CDLL("libpq.so.5")
    libpq.PQconnectdb.restype = libpq.PQexec.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(libpq.PQconnectdb(b""))
    for _ in range(CURSORS):
        result = libpq.PQexec(connection, b"select 1")
        if not is_leaking:
            libpq.PQclear(ctypes.c_void_p(result))
    libpq.PQfinish(connection)


driver, mode = sys.argv[1:]
if driver == "ctypes":
    call_libpq(mode == "leak")
elif mode == "clean":
    run_queries(driver_connect(driver))
else:
    kept = driver_connect(driver)
    cursors = [keep_cursor(kept) for _ in range(CURSORS)]
    kept.commit()

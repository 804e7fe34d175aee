"""libpq called through cffi's ABI mode; the garbage collector finishes what is forgotten."""
import sys

import cffi

ffi = cffi.FFI()
ffi.cdef("""
    typedef struct PGconn PGconn;
    typedef struct PGresult PGresult;
    PGconn *PQconnectdb(const char *conninfo);
    PGresult *PQexec(PGconn *connection, const char *query);
    char *PQgetvalue(const PGresult *result, int row, int column);
    void PQclear(PGresult *result);
    void PQfinish(PGconn *connection);
""")
libpq = ffi.dlopen("libpq.so.5")


def select(connection):
    result = libpq.PQexec(connection, b"select 1")
    print(ffi.string(libpq.PQgetvalue(result, 0, 0)))
    libpq.PQclear(result)


def close():
    connection = libpq.PQconnectdb(b"")
    select(connection)
    libpq.PQfinish(connection)


def forget():
    connection = ffi.gc(libpq.PQconnectdb(b""), libpq.PQfinish)  # leak here
    select(connection)


(close if sys.argv[1] == "closes" else forget)()
print("end")

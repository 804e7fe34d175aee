"""libpq called through ctypes, as scripts do that have no driver."""
import ctypes
import sys

libpq = ctypes.CDLL("libpq.so.5")
libpq.PQconnectdb.restype = ctypes.c_void_p
libpq.PQexec.restype = ctypes.c_void_p
libpq.PQexec.argtypes = ctypes.c_void_p, ctypes.c_char_p
libpq.PQgetvalue.restype = ctypes.c_char_p
libpq.PQgetvalue.argtypes = ctypes.c_void_p, ctypes.c_int, ctypes.c_int
libpq.PQclear.argtypes = libpq.PQfinish.argtypes = [ctypes.c_void_p]


def main(mode):
    connection = libpq.PQconnectdb(b"")  # leak here
    result = libpq.PQexec(connection, b"select 1")
    print(libpq.PQgetvalue(result, 0, 0))
    libpq.PQclear(result)
    if mode == "closes":
        libpq.PQfinish(connection)


main(sys.argv[1])
print("end")

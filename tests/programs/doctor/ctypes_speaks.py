"""Finds libpq's functions one by one, as psycopg 3 without its C part does."""
import ctypes

libpq = ctypes.CDLL("libpq.so.5")
libpq.PQconnectdb.restype = ctypes.c_void_p
connection = ctypes.c_void_p(libpq.PQconnectdb(b""))
print(libpq.PQstatus(connection))
libpq.PQfinish(connection)

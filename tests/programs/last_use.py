"""Uses one connection, by ctypes, from functions that are hard to tell apart: made from texts of
one shape, each is gone before the next is made, so that its code is where the last one was.

    last_use.py FUNCTIONS

Prints the last one's name; the connection is left open.
"""
import ctypes
import sys

libpq = ctypes.CDLL("libpq.so.5")
libpq.PQconnectdb.restype = libpq.PQexec.restype = ctypes.c_void_p
libpq.PQexec.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
libpq.PQclear.argtypes = [ctypes.c_void_p]
connection = libpq.PQconnectdb(b"fake_socket=0")
addresses = set()


def helper():
    libpq.PQclear(libpq.PQexec(connection, b"select 1"))


for number in range(int(sys.argv[1])):
    scope = {"helper": helper}
    name = f"caller_{number % 7}"
    exec(number % 3 * "\n" + f"def {name}():\n    helper()\n", scope)
    scope[name]()
    addresses.add(id(scope.pop(name).__code__))

assert len(addresses) < int(sys.argv[1]), "no code was where another had been"
print(name, 2 + number % 3)

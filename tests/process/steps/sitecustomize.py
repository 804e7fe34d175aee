"""Stops an unmodified Python program before each line of its own main module, so that a
test can look at the server and the ledger: see ../stepping.py.
"""
import os
import sys

to_test, from_test = map(int, os.environ["PQLEAK_TEST_STEPS"].split(","))


def trace(frame, event, argument):
    if frame.f_globals.get("__name__") != "__main__":
        return None
    if event == "line":
        os.write(to_test, b".")
        if os.read(from_test, 1) != b".":
            os._exit(99)
    return trace


sys.settrace(trace)

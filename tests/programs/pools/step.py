"""A step of a program that has a pool: says what the pool itself knows, and waits for a line.

`silent` of the idle ones and of those checked out are used by the program last, and stand in
no transaction: nobody outside can tell in which place they are.
"""
import json
import sys


def step(name, idle, out, silent_idle=0, silent_out=0, by=()):
    print(json.dumps({"step": name, "idle": idle, "checked_out": out, "silent_idle": silent_idle,
                      "silent_out": silent_out, "by": sorted(by)}), flush=True)
    sys.stdin.readline()

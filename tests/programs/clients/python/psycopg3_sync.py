"""psycopg 3: the connection's own `with` closes it; one in a cycle waits for the collector."""
import gc
import sys

import psycopg


class Job:
    def __init__(self):
        self.connection = psycopg.connect("", autocommit=True)  # leak here
        self.run = self.select

    def select(self):
        return self.connection.execute("select 1").fetchone()


def forget():
    print(Job().run())
    gc.collect()


def close():
    with psycopg.connect("") as connection:
        print(connection.execute("select 1").fetchone())


gc.disable()
close()
if sys.argv[1] == "leaks":
    forget()
print("end")

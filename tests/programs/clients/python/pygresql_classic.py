"""PyGreSQL's classic module: a DB object a call, kept in a list."""
import sys

import pg

kept = []


def close():
    connection = pg.connect()
    print(connection.query("select 1").getresult())
    connection.close()


def forget():
    kept.append(pg.DB())  # leak here
    print(kept[-1].query("select 1").getresult())


close()
if sys.argv[1] == "leaks":
    for _ in range(3):
        forget()
print("end")

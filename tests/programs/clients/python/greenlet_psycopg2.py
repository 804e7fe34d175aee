"""greenlet by hand: a connection in a greenlet that is never resumed."""
import sys

import greenlet
import psycopg2


def work():
    connection = psycopg2.connect("")  # leak here
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("select 1")
    main.switch(cursor.fetchone())
    connection.close()
    return "closed"


main = greenlet.getcurrent()
worker = greenlet.greenlet(work)
print(worker.switch())
if sys.argv[1] == "closes":
    print(worker.switch())
del worker
print("end")

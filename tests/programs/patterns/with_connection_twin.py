"""The same block with `closing`, which closes the connection."""
import sys
from contextlib import closing

import psycopg2


def handle_request(number):
    with closing(psycopg2.connect("")) as connection:  # here
        with connection.cursor() as cursor:
            cursor.execute("select %s", (number,))


for number in range(5):
    handle_request(number)
print("waiting", flush=True)
sys.stdin.read()

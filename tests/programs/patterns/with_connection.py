"""psycopg2's `with connection` ends the transaction, and leaves the connection open."""
import sys

import psycopg2


def handle_request(number):
    with psycopg2.connect("") as connection:  # here
        with connection.cursor() as cursor:
            cursor.execute("select %s", (number,))


for number in range(5):
    handle_request(number)
print("waiting", flush=True)
sys.stdin.read()

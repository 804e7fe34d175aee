"""A request every 0.4 seconds, each of which connects and appends its connection to a list that
nobody empties. Requests of another kind close theirs. Prints how many are kept after each; ends
when its input does. Server and user come from PGHOST, PGPORT, PGUSER and PGDATABASE.
"""
import select
import sys

import psycopg2

SECONDS_A_REQUEST = 0.4
kept = []


def serve(connection):
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return connection


def handle_request():
    kept.append(serve(psycopg2.connect("")))


def handle_clean_request():
    serve(psycopg2.connect("")).close()


while not select.select([sys.stdin], [], [], SECONDS_A_REQUEST)[0]:
    handle_clean_request()
    handle_request()
    print(len(kept), flush=True)

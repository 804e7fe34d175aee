"""Opens connections by psycopg2, one a letter of a word, each ended in one function: c closes it,
it, d drops it, w leaves its `with` block.

    close_or_drop.py WORD
"""
import contextlib
import sys

import psycopg2

for letter in sys.argv[1]:
    connection = psycopg2.connect("")
    if letter == "c":
        connection.close()
    elif letter == "d":
        connection = None
    else:
        with contextlib.closing(connection):
            pass

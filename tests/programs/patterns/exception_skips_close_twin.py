"""The same exceptions; close() is called by `finally`, whatever happens."""
import importlib
import sys

driver = importlib.import_module(sys.argv[1])


def divide(number):
    connection = driver.connect("")  # here
    try:
        cursor = connection.cursor()
        cursor.execute("select 6 / %s::int", (number,))
        return cursor.fetchone()[0]
    finally:
        connection.close()


for number in [3, 0, 2, 0, 1]:
    try:
        print(divide(number))
    except driver.DataError as error:
        print(error.diag.message_primary)
print("waiting", flush=True)
sys.stdin.read()

"""The close() stands behind what may fail: an exception goes past it."""
import importlib
import sys

driver = importlib.import_module(sys.argv[1])


def divide(number):
    connection = driver.connect("")  # here
    cursor = connection.cursor()
    cursor.execute("select 6 / %s::int", (number,))
    result = cursor.fetchone()[0]
    connection.close()
    return result


for number in [3, 0, 2, 0, 1]:
    try:
        print(divide(number))
    except driver.DataError as error:
        print(error.diag.message_primary)
print("waiting", flush=True)
sys.stdin.read()

"""The same loop in Python: the driver finishes what failed, when its exception is made."""
import importlib
import sys

driver = importlib.import_module(sys.argv[1])


def connect_with_retry(attempts):
    for attempt in range(attempts):
        try:
            return driver.connect("dbname=no_such_database")  # here
        except driver.OperationalError:
            continue


connect_with_retry(5)
print("waiting", flush=True)
sys.stdin.read()

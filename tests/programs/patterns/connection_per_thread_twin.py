"""Each thread opens a connection of its own, and closes it where its work ends."""
import importlib
import sys
import threading

driver = importlib.import_module(sys.argv[1])
connections = {}


def work(number):
    connection = connections[number] = driver.connect("")  # here
    try:
        cursor = connection.cursor()
        cursor.execute("select 1")
        connection.commit()
    finally:
        connection.close()


for number in range(6):
    thread = threading.Thread(target=work, args=(number,))
    thread.start()
    thread.join()
print("waiting", flush=True)
sys.stdin.read()

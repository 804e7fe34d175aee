"""Listens, and after a silence connects anew; the connection before stays open."""
import importlib
import select
import sys

driver = importlib.import_module(sys.argv[1])


class Listener:
    def __init__(self):
        self.connections = []

    def connect(self):
        connection = driver.connect("")  # here
        connection.autocommit = True
        connection.cursor().execute("listen jobs")
        self.connections.append(connection)
        return connection

    def listen(self, times):
        for _ in range(times):
            connection = self.connect()
            while select.select([connection], [], [], 0.01)[0]:
                connection.fileno()


listener = Listener()
listener.listen(5)
print("waiting", flush=True)
sys.stdin.read()

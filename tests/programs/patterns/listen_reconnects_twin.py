"""Listens, and after a silence connects anew, when the connection before is closed."""
import importlib
import select
import sys

driver = importlib.import_module(sys.argv[1])


class Listener:
    def __init__(self):
        self.connection = None

    def connect(self):
        if self.connection:
            self.connection.close()
        connection = driver.connect("")  # here
        connection.autocommit = True
        connection.cursor().execute("listen jobs")
        self.connection = connection
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
listener.connection.close()

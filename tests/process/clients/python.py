"""Python's drivers and what is built on them."""
from clients import Client, Leak

DEBIAN = "/usr/bin/python3"

CLIENTS = [
    Client("psycopg2", "python", "local", "python/psycopg2_driver.py", (DEBIAN, "{source}"),
           Leak("main", "shutdown", "held", how="interpreter shutdown"),
           needs=("/usr/lib/python3/dist-packages/psycopg2",)),
]

"""libpq inside a server's backends: test_backends.py runs them."""
from clients import Client

CLIENTS = [
    Client("dblink, in a server under the shim", "c", "global", "", (), None,
           finding="leak: open"),
    Client("postgres_fdw, in a server under the shim", "c", "global", "", (), None,
           finding="held: open"),
]

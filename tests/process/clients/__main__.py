"""Prints the table of clients."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import clients  # noqa: E402

print(clients.table(), end="")

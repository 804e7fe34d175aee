"""Prints what the README says of the clients; --write puts it there, --check compares."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import clients_table  # noqa: E402

match sys.argv[1:]:
    case []:
        print(clients_table.text(), end="")
    case ["--write"]:
        clients_table.write()
    case ["--check"]:
        sys.exit(not clients_table.is_current())
    case _:
        sys.exit("usage: tests/process/clients [--write | --check]")

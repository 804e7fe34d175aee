"""The matrix: every way of using libpq that is tested, a module a family, a row a client.

`python3 tests/process/clients` prints the README's table of them (clients_table.py).
"""
import importlib
import pathlib
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Leak:
    """What the report must say of the program when it is called with `leaks`."""

    function: str       # of the user line, as the report has it
    ending: str         # of all connections of that site, as in "endings" of the JSON
    verdict: str
    count: int = 1      # connections
    how: str = ""       # of the close stacks; "" where nothing closed them
    # Whose line it is. A pool that opens in threads or tasks of its own has none: there it
    # is that of the "last_use", or of what began the transaction ("transaction_begun").
    # "" where the language is not read: the report says so.
    line: str = "opened"


@dataclass(frozen=True)
class Client:
    """A client, with a program that is called with `closes` or `leaks`.

    The program opens at least one connection. Called with `closes` it closes all in the way
    the client's manual shows; called with `leaks` it leaves some the way people do, at the
    line whose source contains the words "leak here". Both print something that is the same
    in each run. Where PQLEAK_TEST_STEPS is set, it stops at its own steps (see stepping.py):
    after each call that opens or closes a connection.

    Braces in `command` and `environment`: {source} is the program, {clients} what
    scripts/setup made, {build} the programs that meson built, {scratch} an empty directory of
    the test's own.
    """

    name: str           # as the README has it
    language: str       # of the user line, or the one that is not read: "python", "c" ...
    loaded: str         # how libpq comes in: a key of LOADED
    source: str         # under tests/programs/clients
    command: tuple      # argv before `closes` or `leaks`
    leak: Leak | None   # None: a tool as it is, whose program is not ours: test_clients.py
    environment: dict = field(default_factory=dict)
    needs: tuple = ()   # files (with braces) without which the row is skipped, and said so
    is_stepping: bool = True  # can stop at its own steps
    finding: str = ""   # what the report has of a tool as it is; "" nothing


LOADED = {
    "linked": "linked",
    "local": "plug-in, RTLD_LOCAL",
    "global": "plug-in, RTLD_GLOBAL",
    "deepbound": "plug-in, RTLD_DEEPBIND",
    "dlsym": "by dlsym",
}


def all_clients():
    modules = sorted(path.stem for path in pathlib.Path(__file__).parent.glob("[a-z]*.py"))
    return [client for module in modules
            for client in importlib.import_module(f"clients.{module}").CLIENTS]

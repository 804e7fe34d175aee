"""PostgreSQL's own clients, as they are: test_clients.py runs them."""
from clients import Client

BINARIES = "/usr/lib/postgresql/15/bin"


def stock(name, *command, **rest):
    """A row whose program is one of PostgreSQL's, unless the command has a path."""
    program, *arguments = command
    path = program if "/" in program else f"{BINARIES}/{program}"
    return Client(name, "c", "linked", "", (path, *arguments), None, **rest)


CLIENTS = [
    stock("psql", "psql", "-c", "select 1"),
    stock("psql by Debian's wrapper", "/usr/bin/psql", "-c", "select 1"),
    stock("psql, cut off by the server", "psql", "-c",
          "select pg_terminate_backend(pg_backend_pid())", finding="leak: open"),
    stock("pg_dump", "pg_dump", "--schema-only"),
    stock("pg_dump, in parallel", "pg_dump", "-j", "2", "-Fd", "-f", "{scratch}/dump"),
    stock("pg_isready", "pg_isready"),
    stock("pgbench", "pgbench", "-C", "-n", "-S", "-c", "4", "-j", "2", "-t", "10"),
    stock("vacuumdb", "vacuumdb", "--analyze-only", "-j", "2"),
    stock("vacuumdb, no such database", "vacuumdb", "no_such_database",
          finding="failed: never finished"),
    stock("createdb", "createdb", "{name}"),
    stock("pg_basebackup, streaming WAL", "pg_basebackup", "-X", "stream", "-c", "fast",
          "--no-sync", "-D", "{scratch}/backup",
          finding="misuse: its child's exit handler finishes the parent's"),
]

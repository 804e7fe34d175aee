"""Python's drivers and what is built on them."""
from clients import Client, Leak

DEBIAN = "/usr/bin/python3"
DRIVERS = "{clients}/python-drivers/bin/python"
SQLALCHEMY = {"2.0.38": "{clients}/sqlalchemy-2.0.38/bin/python", "newest": DRIVERS}
PSYCOPG = {"c": ("C", "local"), "binary": ("binary", "local"), "python": ("pure Python", "dlsym")}

HELD = Leak("main", "shutdown", "held", how="interpreter shutdown")
DROPPED = Leak("forget", "collected", "dropped", how="last reference")
GROWTH = Leak("forget", "shutdown", "leak", 3, how="interpreter shutdown")


def client(name, source, leak, *arguments, python=DRIVERS, loaded="local", **more):
    return Client(name, "python", loaded, f"python/{source}.py",
                  (python, "{source}", *arguments), leak, needs=(python,), **more)


def psycopg(implementation):
    """Without its C part a connection is finished by the driver's own __del__."""
    name, loaded = PSYCOPG[implementation]
    more = {"loaded": loaded, "environment": {"PSYCOPG_IMPL": implementation}}
    by = "finaliser" if implementation == "python" else "last reference"
    return [
        client(f"psycopg 3, {name}", "psycopg3_sync",
               Leak("Job.__init__", "collected", "dropped", how="cyclic collector"), **more),
        client(f"psycopg 3, {name}, asyncio", "psycopg3_asyncio",
               Leak("forget", "collected", "dropped", how=by), **more),
    ]


def sqlalchemy(version, driver):
    return client(f"SQLAlchemy {version}, {driver}", "sqlalchemy_engine", GROWTH, driver,
                  python=SQLALCHEMY[version])


CLIENTS = [
    Client("psycopg2", "python", "local", "python/psycopg2_driver.py", (DEBIAN, "{source}"), HELD,
           needs=("/usr/lib/python3/dist-packages/psycopg2",)),
    client("psycopg2-binary", "psycopg2_binary", DROPPED),
    *[row for implementation in PSYCOPG for row in psycopg(implementation)],
    client("psycopg_pool", "psycopg_pool_sync",
           Leak("main", "shutdown", "stuck", how="interpreter shutdown",
                line="transaction_begun")),
    client("psycopg_pool, asyncio", "psycopg_pool_async",
           Leak("forget", "shutdown", "leak", 3, how="interpreter shutdown", line="last_use")),
    client("PyGreSQL, pg", "pygresql_classic", GROWTH),
    client("PyGreSQL, pgdb", "pygresql_pgdb",
           Leak("forget", "shutdown", "held", how="interpreter shutdown")),
    *[sqlalchemy(version, driver) for version in SQLALCHEMY for driver in ("psycopg2", "psycopg")],
    client("SQLAlchemy newest, psycopg, asyncio", "sqlalchemy_asyncio",
           Leak("forget", "shutdown", "stuck", how="interpreter shutdown")),
    client("Django, threads", "django_threads", GROWTH),
    client("psycopg2, threads", "threads_psycopg2",
           Leak("forget", "collected", "dropped", 2, how="last reference")),
    client("psycopg2, gevent", "gevent_psycopg2",
           Leak("forget", "shutdown", "held", how="interpreter shutdown")),
    client("psycopg2, greenlet", "greenlet_psycopg2",
           Leak("work", "collected", "dropped", how="last reference")),
    client("ctypes", "ctypes_by_hand", Leak("main", "open", "leak"), loaded="dlsym"),
    client("cffi", "cffi_by_hand", DROPPED, loaded="dlsym"),
]

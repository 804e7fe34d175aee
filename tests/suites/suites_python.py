"""Suites of Python's drivers, and SQLAlchemy's part for PostgreSQL over psycopg 3."""
from fetch import PyPI
from outcomes import junit, lines
from suite import HERE, PYTHON, Suite

# Debian's pytest, also in an environment that has none: what that has comes first.
PYTEST = ("import sys; sys.path.append('/usr/lib/python3/dist-packages'); import pytest; "
          "sys.exit(pytest.main())")
# What opens, drops and shares connections, and what the drivers differ in.
SQLALCHEMY = ("test/dialect/postgresql/test_async_pg.py",
              "test/dialect/postgresql/test_dialect.py", "test/dialect/postgresql/test_query.py",
              "test/engine/test_reconnect.py", "test/engine/test_transaction.py",
              "test/ext/asyncio/test_engine.py")


def psycopg2(python):
    def run(run):
        run.server.query("create database psycopg2_test")
        status = run.execute(
            [python, HERE / "unittest_outcomes.py", run.directory / "outcomes", "tests"],
            run.source, PSYCOPG2_TESTDB="psycopg2_test", PSYCOPG2_TEST_REPL_DSN="")
        return lines(run.directory / "outcomes") | {"(exit status)": status}
    return run


def pygresql(python):
    def run(run):
        """From a copy of the tests alone: beside them is the package, without its C part."""
        tests = run.copy(run.source / "tests", "tests")
        modules = [f"tests.{path.stem}" for path in sorted(tests.glob("test_*.py"))]
        status = run.execute(
            [python, HERE / "unittest_outcomes.py", run.directory / "outcomes", *modules],
            PGDATABASE="postgres")
        return lines(run.directory / "outcomes") | {"(exit status)": status}
    return run


def sqlalchemy(python, driver):
    def run(run):
        run.server.query("create database test")
        for statement in ("create schema test_schema", "create schema test_schema_2",
                          "create extension hstore", "create extension citext"):
            run.execute(["psql", "-d", "test", "-c", statement], LD_PRELOAD="")
        source = run.copy(run.source, "sqlalchemy")
        results = run.directory / "results.xml"
        status = run.execute(
            [python, "-c", PYTEST, *SQLALCHEMY, "-p", "no:cacheprovider", "-p", "no:xdist",
             "-q", "--maxfail=100000", f"--junitxml={results}", "--dburi",
             f"postgresql+{driver}://postgres@127.0.0.1:{run.server.port}/test"], source)
        return junit(results) | {"(exit status)": status}
    return run


def rows(clients):
    python = str(clients / "python-drivers" / "bin" / "python")
    settings = {"wal_level": "logical", "max_prepared_transactions": 10}
    return [
        Suite("psycopg2", "psycopg2", PyPI("psycopg2"), psycopg2(PYTHON), settings=settings,
              in_short=True),
        Suite("psycopg2-binary", "psycopg2, PyPI's wheel with its own libpq",
              PyPI("psycopg2", python, "psycopg2-binary"), psycopg2(python), settings=settings),
        Suite("pygresql", "PyGreSQL", PyPI("PyGreSQL", python), pygresql(python)),
        Suite("sqlalchemy-psycopg", "SQLAlchemy over psycopg 3", PyPI("SQLAlchemy", python),
              sqlalchemy(python, "psycopg"), settings=settings),
        Suite("sqlalchemy-async", "SQLAlchemy over psycopg 3, asyncio",
              PyPI("SQLAlchemy", python), sqlalchemy(python, "psycopg_async"),
              settings=settings),
    ]

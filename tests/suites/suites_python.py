"""Suites of Python's drivers."""
from fetch import PyPI
from suite import HERE, PYTHON, Suite
from outcomes import lines


def psycopg2(python):
    def run(run):
        run.server.query("create database psycopg2_test")
        status = run.execute(
            [python, HERE / "unittest_outcomes.py", run.directory / "outcomes", "tests"],
            run.source, PSYCOPG2_TESTDB="psycopg2_test", PSYCOPG2_TEST_REPL_DSN="")
        return lines(run.directory / "outcomes") | {"(exit status)": status}
    return run


def rows(clients):
    wheel = str(clients / "python-drivers" / "bin" / "python")
    replication = {"wal_level": "logical", "max_prepared_transactions": 10}
    return [
        Suite("psycopg2", "psycopg2", PyPI("psycopg2"), psycopg2(PYTHON), settings=replication,
              in_short=True),
        Suite("psycopg2-binary", "psycopg2, PyPI's wheel with its own libpq",
              PyPI("psycopg2", wheel, "psycopg2-binary"), psycopg2(wheel), settings=replication),
    ]

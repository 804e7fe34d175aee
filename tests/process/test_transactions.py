"""What is counted of transactions: how many, the longest and what began it, by each of libpq's
protocols and by drivers; a query on its own is none.
"""
import pytest

from conftest import CLIENTS
from shim import sites_with

# How many each way of programs/transactions.c begins, and the function of it that does; of a
# pipeline only those are seen that the server confirms while no more is on its way.
WAYS = {"simple": (2, "simple"), "extended": (1, "extended"), "asynchronous": (1, "asynchronous"),
        "pipeline": (2, "pipeline"), "copy": (1, "copy"), "large_objects": (1, "large_objects"),
        "reset": (2, "reset")}

DRIVER = {
    "psycopg2": """
import psycopg2
connection = psycopg2.connect("")
def autocommit(is_on):
    connection.autocommit = is_on
""",
    "psycopg": """
import psycopg
connection = psycopg.connect("")
def autocommit(is_on):
    connection.set_autocommit(is_on)
""",
}
BODY = """
def alone():
    connection.execute("select 1") if hasattr(connection, "execute") else say("select 1")
def say(text):
    connection.cursor().execute(text)
def quick():
    say("select 1"); connection.commit()
def slow():
    say("select pg_sleep(0.2)"); connection.commit()
def failing():
    try:
        say("select 1 / 0")
    except Exception:
        pass
quick()
slow()
quick()
autocommit(True)
alone()
alone()
autocommit(False)
failing()
"""


def functions_of(stack):
    return [frame["function"] for frame in stack]


@pytest.mark.parametrize("way", WAYS)
def test_the_transactions_of_each_protocol_are_counted(way, shim):
    result = shim.run_preloaded([shim.program("transactions"), way],
                                environment=shim.preload(verbose=1))
    assert result.status == 0, result.errors
    (site,) = result.report["sites"]
    (connection,) = site["connections"]
    count, function = WAYS[way]
    assert connection["transactions"] == count
    assert function in functions_of(connection["longest_transaction"]["stack"])
    assert connection["transaction_begun"] is None


PYTHON = CLIENTS / "python-drivers" / "bin" / "python"


@pytest.mark.parametrize("driver", DRIVER)
def test_the_transactions_of_a_driver_are_counted(driver, shim, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(DRIVER[driver] + BODY)
    result = shim.run_preloaded([PYTHON, program])
    assert result.status == 0, result.errors
    (site,) = sites_with(result.report, "stuck")
    (connection,) = site["connections"]
    assert connection["transactions"] == 4
    longest = connection["longest_transaction"]
    assert longest["ns"] > 190_000_000
    assert "slow" in functions_of(longest["stack"])
    assert connection["transaction"] == "inerror"
    assert "failing" in functions_of(connection["transaction_begun"]["stack"])
    assert "failing" in functions_of(connection["last_use"]["stack"])


def test_a_stuck_transaction_is_told_with_its_time_and_error(shim, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(DRIVER["psycopg2"] + BODY)
    result = shim.run_preloaded(["/usr/bin/python3", program],
                                environment=shim.preload(format="text", log="stderr"))
    text = result.errors
    assert "begun   say" in text and "failing()" in text
    assert " before the end; 1 in error: only a rollback is obeyed\n" in text

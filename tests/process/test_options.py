"""What options change in what is recorded and who reports."""
import pytest

ONE_USE = """
import psycopg2
kept = [psycopg2.connect("") for _ in range(1)]
kept[0].cursor().execute("select 1")
"""


def connection_of(result):
    (site,) = result.report["sites"]
    (connection,) = site["connections"]
    return connection


@pytest.mark.parametrize("track, has_use, has_begin", [
    ("connections,uses,transactions", True, True),
    ("uses", True, False),
    ("transactions", False, True),
    ("connections", False, False),
])
def test_what_is_not_tracked_is_not_recorded(track, has_use, has_begin, shim):
    result = shim.run_preloaded(["/usr/bin/python3", "-c", ONE_USE], shim.preload(track=track))
    connection = connection_of(result)
    assert (connection["last_use"] is not None) == has_use
    assert (connection["transaction_begun"] is not None) == has_begin
    for moment in ("last_use", "transaction_begun"):
        assert not connection[moment] or connection[moment]["stack"]


@pytest.mark.parametrize("how, marker", [("open", "failed"), ("close", "reported")])
def test_a_process_that_run_cannot_read_reports_and_leaves_a_mark(how, marker, shim):
    """Beyond RLIMIT_FSIZE the ledger is in private memory, where `pqleak run` sees nothing."""
    environment = shim.preload(log="stderr", format="text") | {"PQLEAK_COLLECT": "1"}
    argv = ["prlimit", "--fsize=65536", "--", shim.program("endings"), how]
    result = shim.run_preloaded(argv, environment)
    assert [path.name for path in shim.ledgers.iterdir()] == [f"{result.pid}.{marker}"]
    assert ("OPEN  1 opened" in result.errors) == (how == "open")


def test_a_process_that_run_can_read_says_nothing(shim):
    environment = shim.preload(log="stderr", format="text") | {"PQLEAK_COLLECT": "1"}
    result = shim.run_preloaded([shim.program("endings"), "open"], environment)
    (path,) = shim.ledgers.iterdir()
    assert path.name.endswith(".ledger")
    assert result.errors == ""

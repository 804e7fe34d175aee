"""The main job: programs with a known answer, with and without the shim, by each Python
that has the drivers; and the server as the judge at each of their steps.
"""
import pytest

from oracle import follow
from shim import ending_total, has_failure, sites_with, total
from stepping import Stepping

PYTHON_CASES = ["engine_per_call", "cached_session", "session_never_returned",
                "scoped_session_removed", "manual_transaction"]
C_CASES = ["forgotten", "failed_connect"]


@pytest.fixture
def run_case(shim, database, programs, python):
    """Runs a Python case without the shim, preloaded, and under `pqleak run`."""

    def run(name):
        argv = [python, programs / f"{name}.py"]
        plain = shim.run_plain(argv)
        assert plain.status == 0, plain.errors
        # The cases print what the server has open: nothing may be left of the run before.
        database.wait_for_end(database.backends())
        preloaded = shim.run_preloaded(argv)
        assert (preloaded.status, preloaded.errors) == (plain.status, plain.errors)
        database.wait_for_end(database.backends())
        result = shim.run_companion(argv)
        assert result.errors == plain.errors
        for run_with_shim in (preloaded, result):
            assert_output_is_alike(name, run_with_shim.output, plain.output)
            assert_adds_up(run_with_shim.report)
        assert facts(preloaded.report) == facts(result.report)
        return result

    return run


def assert_output_is_alike(name, output, plain):
    """engine_per_call prints how many connections are open, which is the collector's
    timing; all other output is the same to the byte."""
    if name == "engine_per_call":
        output, plain = output.count("Before: "), plain.count("Before: ")
    assert output == plain


def facts(report):
    """What is the same in every run of a case: when the collector runs is not."""
    return sorted((site["verdict"], site["count"], site["pools"], site["fingerprint"],
                   site["user_line"]["line"]) for site in report["sites"])


def assert_adds_up(report):
    """Every connection is in one site, and has one ending there."""
    assert total(report, "opened") == sum(site["count"] for site in report["sites"])
    for site in report["sites"]:
        assert sum(site["endings"].values()) == site["count"]
        assert sum(close["count"] for close in site["close_stacks"]) <= site["count"]
    for name in ("closed", "collected", "shutdown", "open", "abandoned"):
        assert total(report, name) == ending_total(report, name)
    assert total(report, "lost_records") == 0


def line_of(programs, case, text):
    """Where `text` stands in a case: (line number, the line without its indentation)."""
    for number, line in enumerate((programs / case).read_text().splitlines(), 1):
        if text in line:
            return number, line.strip()
    raise AssertionError(f"no {text} in {case}")


def assert_user_line(programs, site, function, case, text):
    number, source = line_of(programs, case, text)
    line = site["user_line"]
    assert (line["function"], line["line"], line["source"]) == (function, number, source)
    assert line["file"].endswith(case)


def user_frames(stack):
    return [(frame["function"], frame["line"]) for frame in stack if frame["is_user"]]


def test_an_engine_per_call_is_a_leak_of_20_connections_through_20_pools(run_case, programs):
    result = run_case("engine_per_call")
    report = result.report
    assert (total(report, "opened"), total(report, "closed")) == (21, 0)
    assert total(report, "collected") + total(report, "shutdown") == 21
    assert 2 <= total(report, "peak_open") <= 21
    leaks = sites_with(report, "leak")
    assert [(leak["count"], leak["pools"]) for leak in leaks] == [(20, 20)]
    assert_user_line(programs, leaks[0], "handle_request", "engine_per_call.py", "session.execute")
    assert "different sqlalchemy QueuePool" in leaks[0]["diagnosis"]
    assert "engine" in leaks[0]["cure"]
    others = [site for site in report["sites"] if site is not leaks[0]]
    assert [(site["verdict"], site["count"]) for site in others] == [("held", 1)]
    assert_user_line(programs, others[0], "connections", "engine_per_call.py", "engine.connect()")
    assert (result.status, report["exit_status"]) == (23, 23)


def test_a_cached_session_holds_one_connection_a_pool_and_does_not_fail(run_case):
    result = run_case("cached_session")
    report = result.report
    assert (total(report, "opened"), total(report, "closed")) == (2, 0)
    assert total(report, "shutdown") == 2
    assert sum(site["count"] for site in sites_with(report, "held")) == 2
    assert sum(site["pools"] for site in report["sites"]) == 2
    assert any("2 pools" in site["diagnosis"] for site in report["sites"])
    assert not has_failure(report)
    assert result.status == 0


def test_sessions_never_returned_are_in_a_transaction_since_start_job(run_case, programs):
    result = run_case("session_never_returned")
    report = result.report
    assert (total(report, "opened"), total(report, "closed")) == (4, 0)
    (site,) = report["sites"]
    assert site["verdict"] in ("leak", "stuck")
    assert (site["count"], site["pools"], site["endings"]["shutdown"]) == (4, 1, 4)
    number, _ = line_of(programs, "session_never_returned.py", "session.execute")
    for connection in site["connections"]:
        assert connection["transaction"] == "intrans"
        assert ("start_job", number) in user_frames(connection["transaction_begun"]["stack"])
    assert len(site["connections"]) == 4
    assert "transaction" in site["diagnosis"]
    assert result.status == 23


def test_a_scoped_session_that_is_removed_leaves_nothing_to_report(run_case):
    result = run_case("scoped_session_removed")
    report = result.report
    assert (total(report, "opened"), total(report, "closed")) == (1, 1)
    assert {site["verdict"] for site in report["sites"]} == {"ok"}
    assert result.status == 0


def test_an_engine_kept_to_the_end_holds_one_idle_connection(run_case):
    result = run_case("manual_transaction")
    report = result.report
    assert (total(report, "opened"), total(report, "closed")) == (1, 0)
    (site,) = report["sites"]
    assert (site["verdict"], site["count"], site["pools"]) == ("held", 1, 1)
    assert site["connections"][0]["transaction"] == "idle"
    assert result.status == 0


@pytest.fixture
def run_c_case(shim):
    def run(name):
        argv = [shim.program(name)]
        preloaded = shim.assert_same(argv)
        result = shim.run_companion(argv)
        assert_adds_up(result.report)
        assert facts(preloaded.report) == facts(result.report)
        return result

    return run


def test_two_connections_are_forgotten_in_main_below_open_one(run_c_case, programs):
    result = run_c_case("forgotten")
    report = result.report
    assert (total(report, "opened"), total(report, "closed"), total(report, "open")) == (3, 1, 2)
    (leak,) = sites_with(report, "leak")
    assert (leak["count"], leak["endings"]["open"]) == (2, 2)
    caller, _ = line_of(programs, "forgotten.c", "forgotten[2]")
    opener, source = line_of(programs, "forgotten.c", 'PQconnectdb("")')
    assert user_frames(leak["opened_stack"])[:2] == [("open_one", opener), ("main", caller)]
    assert leak["user_line"]["source"] == source
    assert [site["count"] for site in sites_with(report, "ok")] == [1]
    assert result.status == 23


def test_failed_connects_that_were_never_finished_have_their_sqlstate(run_c_case, programs):
    result = run_c_case("failed_connect")
    report = result.report
    assert (total(report, "opened"), total(report, "failed")) == (3, 3)
    (site,) = report["sites"]
    assert (site["verdict"], site["count"]) == ("failed", 3)
    assert site["endings"]["failed_unfinished"] == 3
    assert [connection["sqlstate"] for connection in site["connections"]] == ["3D000"] * 3
    assert_user_line(programs, site, "main", "failed_connect.c", "PQconnectdb")
    assert result.status == 23


@pytest.mark.parametrize("case", PYTHON_CASES)
def test_server_and_ledger_agree_at_each_line_of_a_python_case(case, shim, database, programs,
                                                               python):
    with Stepping([python, str(programs / f"{case}.py")], shim.preload()) as stepping:
        peak, steps, errors, status = follow(stepping, database, shim)
    assert (status, errors) == (0, b"")
    assert steps > 10
    report = shim.take_reports()[0]
    assert 1 <= peak <= total(report, "peak_open")


@pytest.mark.parametrize("case, steps, most", [("forgotten", 4, 3), ("failed_connect", 3, 0)])
def test_server_and_ledger_agree_after_each_call_of_a_c_case(case, steps, most, shim, database):
    with Stepping([shim.program(f"{case}_stepped")], shim.preload()) as stepping:
        peak, seen, _, status = follow(stepping, database, shim)
    assert (status, seen, peak) == (0, steps, most)

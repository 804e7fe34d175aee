"""Threads, forks, cancellation and unloading at once, with the fake libpq: the counts are
exactly those of the program, and nothing hangs.
"""
import json

import pytest
from conftest import BUILD

from shim import Shim, ending_total, total

ROUNDS = 400


@pytest.fixture
def shim(tmp_path):
    """No server: the fake libpq needs none."""
    return Shim(BUILD, tmp_path, {"PQLEAK_ON_EXHAUSTION": "0"})  # some connects fail with 53300


@pytest.fixture
def argv(shim):
    return [shim.program("threads"), shim.program("threads_plugin.so"), str(ROUNDS)]


def split(report, pid):
    own = [process for process in report["processes"] if process["pid"] == pid]
    children = [process for process in report["processes"] if process["parent_pid"] == pid]
    assert len(own) == 1
    assert len(children) == len(report["processes"]) - 1
    return own[0], children


def check(report, said):
    own = max(report["processes"], key=lambda process: process["opened"])
    own, children = split(report, own["pid"])
    assert own["opened"] == said["opened"]
    assert own["closed"] == said["finished"]
    assert own["open"] == said["opened"] - said["finished"] > 0
    assert own["failed"] == said["failed"] > 0
    assert own["ended"] == "exit"
    assert len(children) == said["forks"] > 0
    for child in children:
        assert (child["opened"], child["closed"], child["open"]) == (1, 1, 0)
        assert child["ended"] == "_exit"
    for name in ("collected", "shutdown", "abandoned", "lost_records"):
        assert total(report, name) == 0
    assert ending_total(report, "open") == own["open"]
    assert report["misuse"] == []
    # Forgotten ones are in the transaction that they began.
    stuck = [connection for site in report["sites"] for connection in site["connections"]
             if connection["ending"] == "open"]
    assert stuck and all(connection["transaction"] == "intrans" for connection in stuck)


@pytest.mark.parametrize("run", range(3))
def test_the_counts_of_a_busy_process_are_its_own(run, shim, argv):
    result = shim.run_companion(argv)
    assert result.status == 23, result.errors
    said = json.loads(result.output)
    assert said["cancelled"] == ROUNDS // 10
    check(result.report, said)


def test_each_process_reports_for_itself_without_the_companion_around_it(shim, argv):
    result = shim.run_preloaded(argv)
    assert (result.status, result.errors) == (0, "")
    said = json.loads(result.output)
    reports = {report["processes"][0]["pid"]: report for report in result.reports}
    assert len(reports) == 1 + said["forks"]
    own = reports.pop(result.pid)["processes"][0]
    assert (own["opened"], own["closed"]) == (said["opened"], said["finished"])
    assert all(total(report, "opened") == total(report, "closed") == 1
               for report in reports.values())

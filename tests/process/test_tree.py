"""A tree of processes is one report: each process its own connections, none twice."""
import pytest

from shim import sites_with, total


def assert_tree(report):
    opened = [process for process in report["processes"] if process["opened"]]
    assert [process["opened"] for process in opened] == [1] * 5
    assert (total(report, "opened"), total(report, "open"), total(report, "closed")) == (5, 4, 1)
    return opened


def test_a_tree_of_forks_is_one_report(shim):
    plain = shim.run_plain([shim.program("tree")])
    result = shim.run_companion([shim.program("tree")])
    assert (result.output, result.errors) == (plain.output, plain.errors)
    report = result.report
    opened = assert_tree(report)
    pids = {process["pid"] for process in opened}
    roots = [process for process in opened if process["parent_pid"] not in pids]
    assert len(pids) == 5 and len(roots) == 1
    parents = [process["parent_pid"] for process in opened]
    assert parents.count(roots[0]["pid"]) == 3
    leaks = sites_with(report, "leak")
    assert sorted(leak["count"] for leak in leaks) == [1, 3]
    (children,) = (leak for leak in leaks if leak["count"] == 3)
    assert children["user_line"]["function"] == "forget_in_child"
    assert len({connection["pid"] for connection in children["connections"]}) == 3
    assert result.status == 23


def test_a_preloaded_tree_reports_a_process_each_and_no_inherited_leak(shim):
    result = shim.assert_same([shim.program("tree")])
    assert len(result.reports) == 5
    for report in result.reports:
        assert total(report, "opened") == 1
        assert report["misuse"] == []


def test_a_shells_children_are_followed(shim):
    endings = shim.program("endings")
    script = f"{endings} open; {endings} close; {endings} atexit; exec {endings} _exit"
    result = shim.run_companion(["/bin/sh", "-c", script])
    assert result.status == 4
    report = result.report
    assert (total(report, "opened"), total(report, "closed"), total(report, "open")) == (4, 1, 1)
    assert (total(report, "shutdown"), total(report, "abandoned")) == (1, 1)


@pytest.mark.parametrize("start", ["{} &", "setsid -f {}", "(setsid {} &) &"])
def test_what_outlives_the_program_for_a_moment_is_in_the_report(start, shim):
    script = start.format(f"{shim.program('endings')} open") + " exit 0"
    script = script if start.endswith("&") else script.replace(" exit", "; exit")
    result = shim.run_companion(["/bin/sh", "-c", script])
    assert total(result.report, "open") == 1
    assert (result.status, result.errors) == (23, "")
    assert not list(shim.ledgers.iterdir())


@pytest.mark.parametrize("status", [0, 1, 77])
def test_the_programs_own_status_comes_first(status, shim):
    script = f"{shim.program('endings')} open; exit {status}"
    assert shim.run_companion(["/bin/sh", "-c", script]).status == (status or 23)


def test_the_standard_streams_are_the_programs(shim):
    result = shim.run_companion(["/bin/cat"], stdin="through and through\n")
    assert (result.output, result.errors, result.status) == ("through and through\n", "", 0)


def test_a_killed_child_is_in_the_report(shim):
    script = f"{shim.program('endings')} kill; {shim.program('endings')} signal; true"
    report = shim.run_companion(["/bin/sh", "-c", script]).report
    assert (total(report, "opened"), total(report, "abandoned")) == (2, 2)
    ended = [process["ended"] for process in report["processes"] if process["opened"]]
    assert all(end in ("killed", "signal") for end in ended)

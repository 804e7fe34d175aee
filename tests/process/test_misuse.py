"""Calls that break libpq's rules are told with their stacks, before the call is passed on; their
near twins are not accused.
"""
import re
import signal
from dataclasses import dataclass

import pytest

from shim import documents

FAKE = "fake_libpq/first"
ADDRESS = re.compile(r"0x[0-9a-f]+")


@dataclass(frozen=True)
class Crash:
    """A misuse of misuse.c that ends it with the fake libpq, and the program's frames of each
    stack, innermost first."""

    function: str
    kind: str
    stacks: dict
    by_fake: bool = True   # its connections have no shape that is known
    opened: int = 1
    by_real: bool = True   # the heap of the real one gives no address again for sure

    def __str__(self):
        return self.function


CRASHES = [
    Crash("double_finish", "double finish", {
        "opened": ["open_one", "double_finish"],
        "finished": ["close_first", "double_finish"],
        "misused": ["close_again", "double_finish"]}),
    Crash("use_after_finish", "use after finish", {
        "opened": ["open_one", "use_after_finish"],
        "finished": ["close_first", "use_after_finish"],
        "misused": ["use", "use_after_finish"]}),
    Crash("poll_after_finish", "use after finish", {
        "opened": ["open_one", "poll_after_finish"],
        "finished": ["close_first", "poll_after_finish"],
        "misused": ["poll_after_finish"]}),
    Crash("stale_pointer", "double finish", {
        "opened": ["open_one", "open_at", "stale_pointer"],
        "finished": ["close_again", "stale_pointer"],
        "misused": ["stale_pointer"],
        "before": ["close_first", "stale_pointer"]}, opened=2, by_real=False),
    Crash("finish_wrapper", "finish of what is no connection", {
        "misused": ["finish_wrapper"]}, by_fake=False),
    Crash("finish_nowhere", "finish of what is no connection", {
        "misused": ["finish_nowhere"]}, opened=0),
]

REAL_CRASHES = [crash for crash in CRASHES if crash.by_real]

KEEPS_THE_RULES = [("misuse", "finish_and_null"), ("misuse", "use_before_finish"),
                   ("misuse", "finish_connection_of_wrapper"),
                   ("misuse", "call_while_it_ends"),
                   ("inherited", "inherited_only"), ("inherited", "inherited_by_exec")]
HANDS_OVER = [("inherited", "handed_over"), ("inherited", "daemonized"),
              ("inherited", "lent_to_child")]


def fake(shim):
    return {"LD_LIBRARY_PATH": str(shim.programs / FAKE)}


def functions(stack):
    names = [frame["function"] for frame in stack if frame["is_user"]]
    assert names[-2:] == ["run_case", "main"]
    return names[:-2]


def stacks_of(misuse):
    return {name: functions(stack) for name, stack in misuse["stacks"].items()}


def assert_told(report, crash, count=1):
    (misuse,) = report["misuse"]
    assert (misuse["kind"], misuse["count"]) == (crash.kind, count)
    assert report["processes"][0]["opened"] == crash.opened * count
    assert stacks_of(misuse) == crash.stacks
    assert f"in pid {report['processes'][0]['pid']}" in misuse["diagnosis"]
    assert misuse["thread"] == report["processes"][0]["pid"]
    return misuse


@pytest.mark.parametrize("crash", [crash for crash in CRASHES if crash.by_fake], ids=str)
def test_it_is_told_before_the_program_ends_as_it_would_without(crash, shim):
    argv = [shim.program("misuse"), crash.function]
    plain = shim.run_plain(argv, environment=shim.base | fake(shim))
    log = shim.reports / "log"
    told = shim.execute(argv, shim.preload(log=log) | fake(shim))
    assert plain.status in (-signal.SIGABRT, -signal.SIGSEGV)
    assert told.status == plain.status
    assert told.output == plain.output
    assert ADDRESS.sub("", told.errors) == ADDRESS.sub("", plain.errors)
    (report,) = documents(log.read_text())
    assert report["processes"][0]["ended"] == "running"
    assert_told(report, crash)


@pytest.mark.parametrize("crash", REAL_CRASHES, ids=str)
def test_the_real_libpq_is_called_as_ever(crash, shim):
    """What it does to memory that is not its own depends on the heap."""
    argv = [shim.program("misuse"), crash.function]
    plain = shim.run_plain(argv)
    log = shim.reports / "log"
    told = shim.execute(argv, shim.preload(log=log))
    assert (told.status < 0) == (plain.status < 0), told.errors
    report = documents(log.read_text())[0]
    misuse = assert_told(report, crash)
    if "opened" in crash.stacks:
        assert misuse["connection"]["database"] == shim.base["PGDATABASE"]
        assert misuse["connection"]["backend_pid"] > 0


@pytest.mark.parametrize("crash", REAL_CRASHES, ids=str)
def test_what_it_ended_is_in_the_report_of_the_tree(crash, shim):
    argv = [shim.program("misuse"), crash.function]
    result = shim.run_companion(argv)
    (ended,) = {process["ended"] for process in result.report["processes"]}
    assert_told(result.report, crash)
    if ended == "signal":
        assert result.status >= 128
    else:
        assert result.status == 23


def test_it_is_told_to_who_has_no_companion(shim, tmp_path):
    """Plainly, with all stacks, before the program ends."""
    library = tmp_path / "libpqleak.so"
    library.write_bytes(shim.library.read_bytes())
    log = shim.reports / "log"
    argv = [shim.program("misuse"), "double_finish"]
    told = shim.execute(argv, shim.preload(library, log=log) | fake(shim))
    assert told.status == -signal.SIGABRT
    text = log.read_text()
    log.unlink()
    _, misuse = text.split("MISUSE  ")
    assert re.match(r"connection of process \d+ finished twice\n", misuse)
    assert [line.split()[1] for line in misuse.splitlines() if line.startswith("    #0")] == [
        "PQfinish", "PQconnectdb", "PQfinish"]
    assert "  opened here\n" in misuse and "  finished here\n" in misuse


def test_misuse_fails_without_a_companion_too(shim, tmp_path):
    library = tmp_path / "libpqleak.so"
    library.write_bytes(shim.library.read_bytes())
    log = shim.reports / "log"
    for function, status in [("use_before_finish", 0), ("use_after_finish", 7)]:
        told = shim.execute([shim.program("misuse"), function],
                            shim.preload(library, log=log, exitcode=7, verbose=1))
        assert (told.status, told.output) == (status, "done\n")
    # Before the call, and at the end.
    assert log.read_text().count("used after it was finished") == 2


def test_what_is_left_of_who_was_ended_tells_it_later(shim):
    told = shim.execute([shim.program("misuse"), "double_finish"],
                        shim.preload(log=shim.reports / "log") | fake(shim))
    result = shim.report_of("--pid", str(told.pid))
    assert result.status == 23
    assert_told(result.report, CRASHES[0])
    assert result.report["processes"][0]["ended"] == "killed"


def test_the_same_misuse_is_counted(shim):
    """The real libpq takes a use of a finished connection for one that is lost."""
    result = shim.run_companion([shim.program("misuse"), "use_after_finish", "3"])
    if result.status < 128:
        assert_told(result.report, CRASHES[1], count=3)


def test_misuse_may_be_no_failure(shim):
    argv = [shim.program("inherited"), "used_by_both"]
    assert shim.run_companion(argv).status == 23
    assert shim.run_companion(argv, "--fail-on=leak").status == 0


def test_misuse_is_suppressed_by_any_of_its_stacks(shim, tmp_path):
    argv = [shim.program("inherited"), "used_by_both"]
    rules = tmp_path / "rules"
    rules.write_text("leak:child_uses\n")
    result = shim.run_companion(argv, f"--suppressions={rules}")
    assert (result.status, result.report["misuse"]) == (0, [])
    assert result.report["suppressed_sites"] == 1


@pytest.mark.parametrize("program, function", KEEPS_THE_RULES + HANDS_OVER)
def test_who_keeps_the_rules_is_not_accused(program, function, shim):
    argv = [shim.program(program), function]
    plain = shim.run_plain(argv)
    result = shim.run_companion(argv)
    assert (result.status, result.output, result.errors) == (0, plain.output, plain.errors)
    assert result.report["misuse"] == []
    assert {site["verdict"] for site in result.report["sites"]} == {"ok"}


@pytest.mark.parametrize("program, function", KEEPS_THE_RULES)
def test_who_keeps_the_rules_is_not_accused_by_his_own_report(program, function, shim):
    result = shim.assert_same([shim.program(program), function])
    assert all(report["misuse"] == [] for report in result.reports)


def test_who_daemonizes_takes_nothing_from_its_parent(shim):
    """Who has ended loses nothing; the child's own report knows that without its ledger."""
    result = shim.assert_same([shim.program("inherited"), "daemonized"])
    assert len(result.reports) == 2
    assert all(report["misuse"] == [] for report in result.reports)


@pytest.mark.parametrize("function", ["address_reused", "cancel_at_its_address"])
def test_who_is_given_an_address_again_is_not_accused(function, shim):
    result = shim.run_companion([shim.program("misuse"), function],
                                environment=shim.base | shim.options() | fake(shim))
    assert (result.status, result.output, result.errors) == (0, "done\n", "")
    assert result.report["misuse"] == []


@pytest.mark.parametrize("arguments", [[], ["-close"], ["-hooked"], ["-invalid"]])
def test_a_connection_made_past_the_wrappers_is_one(arguments, shim):
    """Its first attempt is seen; one that failed before it is not on record at all, and has
    the shape of those that are."""
    result = shim.assert_same([shim.program("past_wrappers"), *arguments])
    assert result.report["misuse"] == []


def test_what_jumps_to_pqfinish_inside_of_libpq_is_no_finish(shim, newer_libpq):
    """PQcancelFinish, PQping and failing connects, with the libpq that has all of them."""
    result = shim.run_companion([shim.program("every_call/every_call")],
                                environment=shim.base | shim.options() | {
                                    "LD_LIBRARY_PATH": str(newer_libpq.parent)})
    assert result.report["misuse"] == []


@dataclass(frozen=True)
class Accident:
    """An inherited connection of inherited.c that two processes went on with."""

    function: str
    kind: str
    words: str
    misused: list
    other: tuple      # whose stack, and its frames
    children: int = 1

    def __str__(self):
        return self.function


ACCIDENTS = [
    Accident("used_by_both", "inherited use", "used again by the parent after that",
             ["use", "child_uses", "in_child", "used_by_both"],
             ("parent", ["use", "used_by_both"])),
    Accident("finished_by_parent", "inherited use", "finished by the parent after that",
             ["use", "child_uses", "finished_by_parent"],
             ("parent", ["finished_by_parent"])),
    Accident("used_by_children", "inherited use", r"in its child \d+, too",
             ["use", "child_uses", "in_child", "used_by_children"],
             ("sibling", ["use", "child_uses", "in_child", "used_by_children"]), 2),
    Accident("reset_by_child", "inherited finish", "the server ends the parent's connection",
             ["reset_by_child"], ("parent", ["use", "reset_by_child"])),
]


@pytest.mark.parametrize("accident", ACCIDENTS, ids=str)
def test_what_two_processes_go_on_with_is_told_of_the_child(accident, shim):
    argv = [shim.program("inherited"), accident.function]
    plain = shim.run_plain(argv)
    result = shim.run_companion(argv)
    assert (result.output, result.errors) == (plain.output, plain.errors)
    assert result.status == 23
    assert len(result.report["misuse"]) == accident.children
    owner = next(process for process in result.report["processes"] if process["opened"])
    for misuse in result.report["misuse"]:
        whose, other = accident.other
        assert misuse["kind"] == accident.kind
        assert re.search(accident.words, misuse["diagnosis"]), misuse["diagnosis"]
        assert f"opened in pid {owner['pid']}" in misuse["diagnosis"]
        assert stacks_of(misuse) == {"opened": ["open_one", accident.function],
                                     "misused": accident.misused, whose: other}
        assert misuse["connection"]["pid"] != owner["pid"]
        assert misuse["connection"]["database"] == shim.base["PGDATABASE"]


def test_each_use_of_an_inherited_connection_is_counted(shim):
    result = shim.run_companion([shim.program("inherited"), "used_often_by_child"])
    (misuse,) = result.report["misuse"]
    assert (misuse["kind"], misuse["count"]) == ("inherited use", 5)


def test_the_report_of_one_worker_knows_what_another_does(shim):
    """Without `pqleak run` each process has a report of its own, and looks at the ledgers of
    those that share its connection."""
    result = shim.assert_same([shim.program("inherited"), "used_by_workers"])
    told = {report["processes"][0]["pid"]: report["misuse"] for report in result.reports}
    assert told.pop(result.pid) == []
    assert all(len(report["processes"]) == 1 for report in result.reports)
    # The second's ledger is gone when the first ends.
    (misuse,) = [misuse for misuses in told.values() for misuse in misuses]
    assert re.search(r"in its child \d+, too", misuse["diagnosis"])
    assert stacks_of(misuse) == {
        "opened": ["open_one", "used_by_workers"],
        "misused": ["use", "child_uses", "in_child", "used_by_workers"],
        "sibling": ["use", "child_uses", "used_by_workers"]}


def test_what_a_child_finishes_may_still_be_used_by_its_parent(shim):
    """The parent's ledger says nothing of it yet, and that is no proof."""
    result = shim.assert_same([shim.program("inherited_finish")])
    (misuse,) = [misuse for report in result.reports for misuse in report["misuse"]]
    assert misuse["kind"] == "inherited finish"
    assert [frame["function"] for frame in misuse["stacks"]["opened"] if frame["is_user"]] == [
        "main"]

"""Processes that fork and share connections: who opened, who inherited, who broke what."""
import contextlib
import os
import re
import select
import signal
import socket
import subprocess
from dataclasses import dataclass

import pytest

from clients import Leak
from clients.python import DRIVERS
from conftest import CLIENTS
from shim import SOURCE, TIMEOUT, validated

PROGRAMS = SOURCE / "tests" / "programs" / "clients" / "python"
PYTHON = DRIVERS.format(clients=CLIENTS)


@dataclass(frozen=True)
class Row:
    """What the report must say of a function of prefork.py."""

    function: str
    opened: tuple         # by each process that opened any, least first
    leak: Leak = None     # the one site that is not ok
    misuse: str = None    # the function that misused what its parent had opened
    kind: str = "inherited finish"
    start: str = "fork"   # multiprocessing's way

    def __str__(self):
        return f"{self.function}, {self.start}"


ROWS = [
    Row("child_closes_own", (1,)),
    Row("child_closes_own", (1,), start="spawn"),
    # A spawned child ends through exit, a forked one by os._exit.
    Row("child_keeps_own", (1,), start="spawn",
        leak=Leak("open_one", "shutdown", "held", how="interpreter shutdown")),
    Row("parents_is_left_alone", (1, 1)),
    Row("parents_is_dropped", (2,)),
    Row("parents_is_closed", (1,), misuse="parents_is_closed.<locals>.<lambda>"),
    Row("parents_is_used", (1,), misuse="select", kind="inherited use"),
    # Nobody else goes on with it, before the parent's end.
    Row("parents_is_lent", (1,),
        leak=Leak("open_one", "shutdown", "held", how="interpreter shutdown")),
    Row("parents_is_finished_by_the_childs_end", (1,), misuse=""),
    Row("engine_is_disposed_of_in_the_child", (1, 1)),
    Row("engine_is_used_in_the_child", (1,), misuse="use", kind="inherited use"),
    Row("engine_is_closed_in_the_child", (1, 2), misuse="close_and_use"),
    Row("workers_keep_their_own", (1, 1), leak=Leak("open_one", "abandoned", "leak", 2)),
    Row("workers_close_at_their_end", (1, 1)),
    Row("workers_are_terminated", (1, 1), leak=Leak("open_one", "abandoned", "leak", 2)),
]


def skip_without_drivers():
    if not os.path.exists(PYTHON):
        pytest.skip(f"{PYTHON} is not here: scripts/setup says why")


def not_ok(report):
    return [site for site in report["sites"] if site["verdict"] != "ok"]


def assert_leak(report, leak):
    (site,) = not_ok(report)
    assert (site["verdict"], site["count"]) == (leak.verdict, leak.count)
    assert site["user_line"]["function"] == leak.function
    assert {name: count for name, count in site["endings"].items() if count} == {
        leak.ending: leak.count}
    assert {close["how"] for close in site["close_stacks"]} == ({leak.how} if leak.how else set())
    assert len({connection["pid"] for connection in site["connections"]}) == sum(
        process["opened"] > 0 for process in report["processes"])


def assert_misuse(report, function, kind="inherited finish"):
    """A child finished, or used, what its parent, and nobody else, had opened."""
    (misuse,) = report["misuse"]
    opener, finisher = map(int, re.search(r"in pid (\d+), \w+ in its child (\d+)",
                                          misuse["diagnosis"]).groups())
    processes = {process["pid"]: process for process in report["processes"]}
    assert misuse["kind"] == kind
    assert processes[opener]["opened"] > 0
    assert processes[finisher]["parent_pid"] == opener
    user_frames = [frame for frame in misuse["stacks"]["misused"] if frame["is_user"]]
    assert (user_frames[0]["function"] if user_frames else "") == function


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_what_processes_do_with_connections_is_told_as_it_is(row, shim):
    skip_without_drivers()
    argv = [PYTHON, PROGRAMS / "prefork.py", row.function, row.start]
    plain = shim.run_plain(argv)
    assert plain.status == 0, plain.errors
    result = shim.run_companion(argv)
    assert (result.output, result.errors) == (plain.output, plain.errors)
    report = result.report
    assert tuple(sorted(process["opened"] for process in report["processes"]
                        if process["opened"])) == row.opened
    if row.leak:
        assert_leak(report, row.leak)
    else:
        assert not_ok(report) == []
    if row.misuse is None:
        assert report["misuse"] == []
    else:
        assert_misuse(report, row.misuse, row.kind)
    is_failing = row.misuse is not None or row.leak is not None and row.leak.verdict == "leak"
    assert result.status == (23 if is_failing else 0)


@contextlib.contextmanager
def companion(shim, module, *arguments, mode):
    """`pqleak run` of a module; yields it, and where its report will be."""
    log = shim.reports / f"{mode}.json"
    environment = shim.base | shim.options() | {
        "PREFORK": mode, "PYTHONPATH": str(PROGRAMS), "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(shim.directory)}
    process = subprocess.Popen(
        [shim.companion, "run", "--format=json", f"--log={log}", "--", PYTHON, "-m", module,
         *arguments],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=shim.directory, start_new_session=True)
    try:
        yield process, log
    finally:
        # What a test that failed half way has left.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def get(path):
    """The body of gunicorn's answer."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(TIMEOUT)
        connection.connect(path)
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with connection.makefile("rb") as answer:
            return answer.read().split(b"\r\n\r\n")[1]


def run_gunicorn(shim, mode):
    """Three requests to one preforked worker, and the master is told to end."""
    path = str(shim.directory / "gunicorn.sock")
    with companion(shim, "gunicorn", "-c", "python:gunicorn_app", "--bind", f"unix:{path}",
                   "--log-level=error", mode=mode) as (process, log):
        ready, _, _ = select.select([process.stdout], [], [], TIMEOUT)
        assert ready, "gunicorn does not come up"
        words = process.stdout.readline().split()
        assert words[:1] == ["ready"], process.communicate()
        answers = [get(path) for _ in range(3)]
        os.kill(int(words[1]), signal.SIGINT)
        process.communicate(timeout=TIMEOUT)
    return answers, process.returncode, validated(log.read_text())


@pytest.mark.parametrize("mode, opened, status", [
    ("disposes", [1, 1], 0), ("closes", [1, 1], 23), ("leaks", [1, 3], 23)])
def test_gunicorn_with_an_engine_made_before_the_fork(mode, opened, status, shim):
    skip_without_drivers()
    answers, returned, report = run_gunicorn(shim, mode)
    assert answers == ([b"1", b"2", b"3"] if mode == "leaks" else [b"1"] * 3)
    assert sorted(process["opened"] for process in report["processes"]) == opened
    assert returned == status
    if mode == "closes":
        assert_misuse(report, "post_fork")
    else:
        assert report["misuse"] == []
    if mode == "leaks":
        (site,) = not_ok(report)
        assert (site["verdict"], site["count"]) == ("leak", 3)
        assert "leak here" in site["user_line"]["source"]
        assert site["endings"]["shutdown"] == 3
    else:
        assert not_ok(report) == []


def test_celerys_prefork_workers(shim):
    """Each worker is its own broker, and its last task tells it to end; that takes seconds."""
    skip_without_drivers()
    reports = {}
    with contextlib.ExitStack() as stack:
        workers = {mode: stack.enter_context(companion(
            shim, "celery", "--quiet", "-A", "celery_app", "worker", "-P", "prefork", "-c", "1",
            "--loglevel=error", mode=mode)) for mode in ("closes", "leaks")}
        for mode, (process, log) in workers.items():
            _, errors = process.communicate(timeout=TIMEOUT)
            assert process.returncode == (23 if mode == "leaks" else 0), errors
            reports[mode] = validated(log.read_text())
    for report in reports.values():
        (worker,) = (process for process in report["processes"] if process["opened"])
        assert (worker["opened"], worker["ended"]) == (3, "_exit")
        assert report["misuse"] == []
    assert not_ok(reports["closes"]) == []
    (site,) = not_ok(reports["leaks"])
    assert (site["verdict"], site["endings"]["abandoned"]) == ("leak", 3)
    assert "leak here" in site["user_line"]["source"]

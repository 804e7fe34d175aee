"""Reports while the process runs: a refused connect, and the limits that a person sets.

The log is a pipe: a test waits for the next report, never for time.
"""
import contextlib
import json
import os
import pathlib
import select
import signal
import subprocess
import time

import jsonschema
import pytest

from pooler import Pooler
from server import Server
from shim import TIMEOUT, Shim, schema

MAX_CONNECTIONS = 5  # one of them is the tests' own
HELD = MAX_CONNECTIONS - 1


class Log:
    """A pipe that reports are written to; both ends are open here, so that no writer waits."""

    def __init__(self, path):
        os.mkfifo(path)
        self.path = path
        self.descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.text = ""

    def read(self, seconds):
        ready, _, _ = select.select([self.descriptor], [], [], seconds)
        if ready:
            self.text += os.read(self.descriptor, 1 << 20).decode()
        return bool(ready)

    def take(self):
        """The next report: waits for it."""
        while True:
            with contextlib.suppress(json.JSONDecodeError):
                report, end = json.JSONDecoder().raw_decode(self.text.lstrip())
                self.text = self.text.lstrip()[end:]
                jsonschema.validate(report, schema())
                return report
            assert self.read(TIMEOUT), f"no report came: {self.text}"

    def take_line(self):
        while "\n" not in self.text:
            assert self.read(TIMEOUT), "no line came"
        line, _, self.text = self.text.partition("\n")
        return line

    def take_all(self):
        """What is there when all who write have ended."""
        while self.read(0):
            pass
        rest, self.text = self.text, ""
        return rest

    def close(self):
        os.close(self.descriptor)


class Holder:
    """holder.c: does a word, and answers."""

    def __init__(self, shim, environment, **options):
        self.process = subprocess.Popen(
            [shim.program("holder")], env=environment, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, **{"stderr": subprocess.PIPE} | options)
        self.pid = self.process.pid

    def do(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], TIMEOUT)
        assert ready, f"{word}: no answer"
        return self.process.stdout.readline().rstrip("\n")

    def finish(self):
        output, errors = self.process.communicate("", TIMEOUT)
        assert self.process.returncode == 0, (output, errors)
        return errors


@pytest.fixture
def log(tmp_path):
    log = Log(tmp_path / "log")
    yield log
    log.close()


@pytest.fixture
def hold(shim, log):
    """Starts holder.c with limits; a test that fails leaves none behind."""
    started = []

    def start(database=None, environment=None, **limits):
        options = {"log": log.path, "format": "json"} | limits
        server = database.environment() if database else environment or {}
        started.append(Holder(shim, shim.preload(**options) | server))
        return started[-1]

    yield start
    for holder in started:
        if holder.process.poll() is None:
            holder.process.kill()
            holder.process.communicate()


@pytest.fixture(scope="module")
def small_server():
    server = Server(pathlib.Path("/usr/lib/postgresql/15/bin"), max_connections=MAX_CONNECTIONS,
                    superuser_reserved_connections=0)
    yield server
    server.stop()


@pytest.fixture
def small(small_server):
    database = small_server.create_database()
    yield database
    database.drop()


def site_of(report):
    assert len(report["sites"]) == 1, [site["user_line"] for site in report["sites"]]
    return report["sites"][0]


def watchers_of(pid):
    """The companions that watch a process: they name its ledger."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
            if words[:2] == [b"pqleak", b"watch"] and f"/{pid}-".encode() in words[2]:
                found.append(int(entry.name))
    return found


def wait_until(is_true, what):
    deadline = time.monotonic() + TIMEOUT
    while not is_true():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)


@pytest.mark.parametrize("way", ["open", "poll"])
def test_a_refused_connect_is_reported_at_once_with_who_holds(way, small, hold, log):
    holder = hold(small)
    backends = {int(holder.do(way).split()[1]) for _ in range(HELD)}
    assert holder.do(way) == "refused"
    report = log.take()
    assert (report["reason"], report["reason_detail"]) == ("exhaustion", "53300")
    assert report["processes"][0]["ended"] == "running" and report["open_now"] == HELD
    function = {"open": "connect_at_once", "poll": "connect_in_steps"}[way]
    assert report["refused_stack"][0]["function"].startswith("PQconnect")
    assert function in [frame["function"] for frame in report["refused_stack"]]
    site = site_of(report)
    assert (site["verdict"], site["open_now"], site["count"]) == ("held", HELD, HELD)
    assert site["user_line"]["function"] == function and site["user_line"]["line"] > 0
    assert {connection["backend_pid"] for connection in site["connections"]} == backends
    assert all(connection["reported_at"] for connection in site["connections"])
    holder.finish()


def test_under_run_a_json_log_is_one_object_and_what_came_before_is_beside_it(small_server, small,
                                                                             shim):
    small_server.query("create role refused login connection limit 0")
    (shim.reports / "run.json.early").write_text("of an earlier run")
    environment = shim.base | shim.options() | small.environment() | {"PGUSER": "refused"}
    result = shim.run_companion([shim.program("endings"), "open"], environment=environment)
    assert [report["reason"] for report in result.reports] == ["exit", "exhaustion"]
    small_server.query("drop role refused")


def test_it_is_reported_once_though_the_program_tries_again_and_again(small, hold, log):
    holder = hold(small)
    for _ in range(HELD):
        holder.do("open")
    assert holder.do("retry") == "refused 100"
    assert log.take()["reason"] == "exhaustion"
    holder.finish()
    assert log.take()["reason"] == "exit"
    assert log.take_all().strip() == ""


def test_the_end_tells_what_was_closed_after_all(small, hold, log):
    """And stands behind the earlier report, though the process ends at once."""
    holder = hold(small)
    for _ in range(HELD):
        holder.do("open")
    holder.do("open")
    for _ in range(HELD - 1):
        holder.do("close")
    holder.finish()
    assert log.take()["reason"] == "exhaustion"
    report = log.take()
    assert report["reason"] == "exit"
    (over,) = report["after_all"]
    assert (over["what"], over["count"], over["backend_pid"]) == ("connection", HELD - 1, 0)
    assert over["place"]["function"] == "connect_at_once"


def test_the_text_says_it_in_its_first_line(small, hold, log):
    holder = hold(small, format="text")
    for _ in range(HELD + 1):
        holder.do("open")
    assert log.take_line() == (
        f"pqleak: holder (pid {holder.pid}): the server refused a connection: too many clients "
        f"(53300); this process holds {HELD} connections")
    holder.finish()


def test_a_refusal_for_another_reason_and_an_option_turned_off_give_nothing(small, hold, log):
    holder = hold(small, on_exhaustion="0")
    for _ in range(HELD):
        holder.do("open")
    assert holder.do("open") == "refused"
    holder.finish()
    assert log.take()["reason"] == "exit"
    small.name, name = "no_such_database", small.name
    holder = hold(small)
    assert holder.do("open") == "refused"
    small.name = name
    holder.finish()
    assert log.take()["reason"] == "exit"
    assert log.take_all().strip() == ""


@pytest.mark.parametrize("grant, message", [
    ("alter role app connection limit 1", "too many connections for role"),
    ("alter database {name} connection limit 1", "too many connections for database"),
])
def test_the_limits_of_roles_and_databases_are_exhaustion_too(grant, message, database, hold, log):
    database.server.query("create role app login")
    try:
        database.server.query(grant.format(name=database.name))
        holder = hold(environment=database.environment() | {"PGUSER": "app"})
        assert holder.do("open").startswith("backend")
        assert holder.do("open") == "refused"
        report = log.take()
        assert (report["reason"], report["reason_detail"]) == ("exhaustion", "53300")
        assert site_of(report)["open_now"] == 1
        holder.finish()
    finally:
        database.server.query("drop role app")


def test_a_poolers_refusal_is_known_by_its_text(database, hold, log):
    """pgbouncer's SQLSTATE is that of every protocol violation."""
    pooler = Pooler(database.server, max_client_conn=2)
    try:
        holder = hold(environment=pooler.environment(database))
        for _ in range(2):
            assert holder.do("open").startswith("backend")
        assert holder.do("open") == "refused"
        report = log.take()
        assert (report["reason"], report["reason_detail"]) == ("exhaustion", "08P01")
        assert site_of(report)["open_now"] == 2
        holder.finish()
    finally:
        pooler.stop()


def test_a_forked_child_has_its_own(small, hold, log):
    """Its parent's minute is not the child's, nor are its parent's connections."""
    holder = hold(small)
    for _ in range(HELD + 1):
        holder.do("open")
    assert log.take()["processes"][0]["pid"] == holder.pid
    for _ in range(HELD - 1):
        holder.do("close")
    child = int(holder.do("fork").split()[1])
    for _ in range(HELD - 1):
        holder.do("open")
    assert holder.do("open") == "refused"
    report = log.take()
    assert report["processes"][0]["pid"] == child
    assert report["open_now"] == HELD - 1
    holder.finish()


def test_more_than_max_open_is_reported_when_it_happens(hold, log):
    holder = hold(max_open=3)
    for _ in range(5):
        holder.do("open")
    report = log.take()
    assert (report["reason"], report["open_now"]) == ("max_open", 4)
    assert site_of(report)["open_now"] == 4
    for _ in range(5):
        holder.do("close")
    holder.finish()
    report = log.take()
    assert report["reason"] == "exit" and report["after_all"][0]["count"] == 4
    assert log.take_all().strip() == ""


def test_as_many_as_max_open_are_none_too_many(hold, log):
    holder = hold(max_open=3, format="text")
    for _ in range(4):
        for _ in range(3):
            holder.do("open")
        for _ in range(3):
            holder.do("close")
    assert holder.finish() == "" and log.take_all() == ""


def test_a_stuck_transaction_is_reported_while_the_process_sleeps(hold, log):
    holder = hold(max_transaction="200ms")
    holder.do("open")
    holder.do("begin")
    holder.do("commit")
    stuck = int(holder.do("open").split()[1])
    holder.do("begin")
    report = log.take()
    assert report["reason"] == "max_transaction" and report["is_failing"]
    site = site_of(report)
    assert (site["verdict"], site["overdue_transaction"], site["overdue_age"]) == ("stuck", 1, 0)
    (connection,) = [one for one in site["connections"] if one["transaction"] == "intrans"]
    assert connection["backend_pid"] == stuck
    assert "begin" in [frame["function"] for frame in connection["transaction_begun"]["stack"]]
    assert holder.do("commit") == "committed"
    report = log.take()
    assert (report["reason"], report["sites"]) == ("after_all", [])
    (over,) = report["after_all"]
    assert (over["what"], over["count"], over["backend_pid"]) == ("transaction", 1, stuck)
    assert over["place"]["function"] == "begin" and over["lasted_ns"] > 200_000_000
    holder.do("close")
    holder.do("close")
    holder.finish()


def test_after_all_is_a_line_of_text(hold, log):
    holder = hold(max_transaction="100ms", format="text")
    backend = int(holder.do("open").split()[1])
    holder.do("begin")
    assert log.take_line() == (
        f"pqleak: holder (pid {holder.pid}): 1 connection in a transaction for longer than "
        "PQLEAK_MAX_TRANSACTION (0.1 s)")
    while not log.take_line().startswith("SUMMARY"):
        pass
    holder.do("commit")
    line = log.take_line()
    assert line.startswith(f"pqleak: holder (pid {holder.pid}): the transaction of backend "
                           f"{backend} begun in begin ")
    assert " ended after all, it lasted " in line
    holder.finish()


def test_an_old_connection_is_reported_once_and_that_it_was_closed(hold, log):
    holder = hold(max_age="200ms")
    backend = int(holder.do("open").split()[1])
    report = log.take()
    assert report["reason"] == "max_age" and not report["is_failing"]
    site = site_of(report)
    assert (site["verdict"], site["overdue_age"]) == ("held", 1)
    holder.do("close")
    (over,) = log.take()["after_all"]
    assert (over["what"], over["backend_pid"]) == ("connection", backend)
    holder.finish()


def test_below_the_limits_nothing_is_said(hold, log):
    holder = hold(max_transaction="1h", max_age="1h", format="text")
    holder.do("open")
    holder.do("begin")
    holder.do("commit")
    holder.do("close")
    assert holder.finish() == "" and log.take_all() == ""


def test_the_watcher_is_no_child_and_ends_with_its_process(hold):
    holder = hold(max_age="1h")
    assert watchers_of(holder.pid) == []
    holder.do("open")
    (watcher,) = watchers_of(holder.pid)
    assert holder.do("wait") == "wait -1: No child processes"
    assert os.getsid(watcher) == watcher
    descriptor = os.pidfd_open(watcher)
    holder.process.kill()
    holder.process.wait()
    ready, _, _ = select.select([descriptor], [], [], TIMEOUT)
    os.close(descriptor)
    assert ready and watchers_of(holder.pid) == []


def test_a_watcher_that_is_killed_takes_nothing_with_it(hold):
    holder = hold(max_transaction="1h")
    holder.do("open")
    (watcher,) = watchers_of(holder.pid)
    os.kill(watcher, signal.SIGKILL)
    wait_until(lambda: not watchers_of(holder.pid), "the watcher is gone")
    assert holder.do("wait") == "wait -1: No child processes"
    holder.do("close")
    assert holder.finish() == ""


def test_a_process_that_gets_orphans_gets_no_watcher(hold, log):
    """A container's first process, or a supervisor: it would hear of the watcher's end."""
    holder = hold(max_transaction="200ms")
    holder.do("reaper")
    holder.do("open")
    assert holder.do("wait") == "wait -1: No child processes"
    holder.do("begin")
    assert log.take()["reason"] == "max_transaction"
    assert holder.do("wait") == "wait -1: No child processes"
    holder.finish()


def test_each_process_has_its_watcher(hold, log):
    holder = hold(max_transaction="200ms")
    holder.do("open")
    assert len(watchers_of(holder.pid)) == 1
    child = int(holder.do("fork").split()[1])
    assert watchers_of(child) == []
    holder.do("open")
    assert len(watchers_of(child)) == 1
    holder.do("begin")
    assert log.take()["processes"][0]["pid"] == child
    holder.finish()


def test_standard_error_is_let_go_when_the_process_lets_go(hold, shim):
    """A daemon closes all; whoever reads its pipe waits for the last writer."""
    reader, writer = os.pipe()
    holder = Holder(shim, shim.preload(max_age="1h", log="stderr", format="text"), stderr=writer)
    os.close(writer)
    try:
        holder.do("open")
        assert watchers_of(holder.pid)
        assert holder.do("bare") == "bare"
        ready, _, _ = select.select([reader], [], [], TIMEOUT)
        assert ready and os.read(reader, 1000) == b""
    finally:
        os.close(reader)
        holder.process.communicate("", TIMEOUT)


def test_the_reports_behaviour_is_not_the_programs(small, shim, hold):
    """With standard error closed, too: nothing is written to what took its number."""
    words = "open\nbegin\nopen\nopen\nopen\nopen\nretry\nwait\ncommit\nclose\n"
    argv = ["sh", "-c", 'exec "$0" 2>&-', shim.program("holder")]
    environment = small.environment()
    plain = shim.execute(argv, shim.base | environment, stdin=words)
    told = shim.execute(argv, shim.preload(log="stderr", format="text", max_open=1,
                                           max_transaction="50ms") | environment, stdin=words)
    def numbered(result):
        return [line for line in result.output.splitlines() if not line.startswith("backend")]
    assert (plain.status, numbered(plain), plain.errors) == \
        (told.status, numbered(told), told.errors)


def test_a_ledger_that_nobody_can_read_is_said_once(hold, shim, tmp_path):
    # A directory that others may write to is refused, and so is every default place.
    environment = shim.preload(max_transaction="50ms", log="stderr", format="text")
    holder = Holder(shim, environment, preexec_fn=no_files)
    holder.do("open")
    holder.do("begin")
    holder.do("commit")
    holder.do("close")
    errors = holder.finish()
    assert errors.count("PQLEAK_MAX_TRANSACTION are not watched") == 1
    assert watchers_of(holder.pid) == []


def no_files():
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def test_a_stuck_transaction_fails_also_when_a_person_asks(hold, shim):
    holder = hold(max_transaction="1h")
    holder.do("open")
    holder.do("begin")
    argv = [shim.companion, "report", f"--pid={holder.pid}"]
    environment = shim.base | shim.options(format="json")
    assert shim.execute(argv, environment).status == 0
    result = shim.execute([*argv, "--max-transaction=1us"], environment)
    assert result.status == 23
    assert site_of(json.loads(result.output))["verdict"] == "stuck"
    holder.finish()

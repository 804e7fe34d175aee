"""Which connections are idle in a pool, which are checked out and by whom: the pool's own
counters are the oracle, at each step of a program that runs."""
import json
import re
import select
import subprocess

import pytest

from conftest import CLIENTS, PYTHONS
from shim import TIMEOUT, validated

RUBY = "/usr/bin/ruby"
DRIVERS = CLIENTS / "python-drivers" / "bin" / "python"
# The interpreter, the program and its arguments, the pool's library and type.
POOLS = {
    **{f"sqlalchemy, {name}": (path, "sqlalchemy_pool.py", [], "sqlalchemy", "QueuePool")
       for name, path in {**PYTHONS, "drivers": DRIVERS}.items()},
    "psycopg2.pool, simple": (DRIVERS, "psycopg2_pool.py", ["simple"], "psycopg2.pool",
                              "SimpleConnectionPool"),
    "psycopg2.pool, threaded": (DRIVERS, "psycopg2_pool.py", ["threaded"], "psycopg2.pool",
                                "ThreadedConnectionPool"),
    "psycopg_pool": (DRIVERS, "psycopg_pool_sync.py", [], "psycopg_pool", "ConnectionPool"),
    "psycopg_pool, asyncio": (DRIVERS, "psycopg_pool_async.py", [], "psycopg_pool",
                              "AsyncConnectionPool"),
    "sqlalchemy, asyncio": (DRIVERS, "sqlalchemy_async.py", [], "sqlalchemy", "pool"),
    "django": (DRIVERS, "django_pools.py", [], "psycopg_pool", "ConnectionPool"),
    "activerecord": (RUBY, "activerecord_pool.rb", [], "activerecord", "ConnectionPool"),
    "sequel": (RUBY, "sequel_pool.rb", [], "sequel", "ConnectionPool"),
}


class Program:
    """A program of ../programs/pools, standing at one step after the other."""

    def __init__(self, shim, programs, argv):
        self.shim = shim
        self.process = subprocess.Popen(
            [argv[0], programs / "pools" / argv[1], *argv[2:]], env=shim.preload(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.communicate()

    def __iter__(self):
        while True:
            ready, _, _ = select.select([self.process.stdout], [], [], TIMEOUT)
            assert ready, "the program hangs between two steps"
            line = self.process.stdout.readline()
            if not line:
                return
            yield json.loads(line)
            self.process.stdin.write("\n")
            self.process.stdin.flush()

    def report(self, form="json"):
        result = self.shim.execute(
            [self.shim.companion, "report", f"--format={form}", "--pid", self.process.pid],
            self.shim.base | self.shim.options())
        return validated(result.output) if form == "json" else result.output

    def finish(self):
        output, errors = self.process.communicate(timeout=TIMEOUT)
        assert (output, errors, self.process.returncode) == ("", "", 0)


def pooled(report):
    """The connections that are open, and have a state in a pool."""
    return [connection for site in report["sites"] for connection in site["connections"]
            if connection["pool_state"] and not connection["ended_at"]]


def assert_agrees(report, known):
    """What the report says is what the pool knows, as far as anybody outside can know it."""
    connections = pooled(report)
    states = [connection["pool_state"] for connection in connections]
    out = [connection for connection in connections if connection["pool_state"] == "checked out"]
    assert (known["step"], states.count("idle"), len(out), states.count("unknown")) == (
        known["step"], known["idle"] - known["silent_idle"],
        known["checked_out"] - known["silent_out"], known["silent_idle"] + known["silent_out"])
    assert sorted(connection["checked_out_by"]["function"] for connection in out) == known["by"]
    assert all(connection["checked_out_since"] >= connection["opened_at"] for connection in out)
    for name in ("idle", "checked_out", "unknown"):
        assert sum(pool[name] for pool in report["pools"]) == states.count(name.replace("_", " "))


@pytest.mark.parametrize("name", POOLS)
def test_a_pool_s_connections_are_where_the_pool_says(name, shim, programs):
    python, program, arguments, library, kind = POOLS[name]
    steps = 0
    with Program(shim, programs, [python, program, *arguments]) as running:
        for known in running:
            report = running.report()
            if steps == 0:
                (pool,) = report["pools"]
                assert (pool["library"], pool["type"]) == (library, kind)
            assert_agrees(report, known)
            steps += 1
        running.finish()
    assert steps >= 3


@pytest.fixture
def stand(shim, programs):
    """Starts a program, and goes on with it until it stands at a step."""
    started = []

    def start(argv, step):
        running = Program(shim, programs, argv)
        started.append(running)
        for known in running:
            if known["step"] == step:
                return running
        raise AssertionError(f"{argv} has no step {step!r}: {running.process.stderr.read()}")

    yield start
    for running in started:
        running.process.kill()
        running.process.communicate()


def test_each_type_of_pool_is_named_and_a_pool_that_connects_again_is_one(python, shim, programs):
    types = {}
    with Program(shim, programs, [python, "sqlalchemy_types.py"]) as running:
        for known in running:
            report = running.report()
            assert_agrees(report, known)
            types[known["step"]] = sorted(pool["type"] for pool in report["pools"])
        running.finish()
    assert types == {
        "back in the pool": ["QueuePool"], "pinged, and not used": ["QueuePool"],
        "back, and not used": ["QueuePool"],
        "connected again": ["QueuePool"],
        "pools of three types": ["NullPool", "SingletonThreadPool", "StaticPool"]}


def test_who_holds_an_exhausted_pool_is_told_in_words(python, stand):
    running = stand([python, "exhausted.py"], "exhausted")
    text = running.report("text")
    assert ("pool      sqlalchemy QueuePool #1 to postgres@" in text and
            ": 6 open: 0 idle, 5 checked out, 1 idle or checked out\n" in text)
    assert re.search(r"^  out     3 by worker \S*exhausted.py:21, for \S+ m?s( to \S+ m?s)?$", text,
                     flags=re.M)
    assert re.search(r"^  out     2 by report \S*exhausted.py:27, for ", text, flags=re.M)
    assert re.search(r"^  used    1 last by export \S*exhausted.py:32, .* ago$", text, flags=re.M)
    assert "opened for a sqlalchemy QueuePool: 3 checked out now" in text
    assert "idle in a" not in text


def test_at_the_end_sessions_that_were_never_returned_are_checked_out(python, shim, programs):
    """What the interpreter's end does to them comes after that."""
    report = shim.run_preloaded([python, programs / "session_never_returned.py"]).report
    (pool,) = report["pools"]
    assert (pool["open"], pool["idle"], pool["checked_out"], pool["unknown"]) == (4, 0, 4, 0)
    assert (pool["opened"], pool["peak_open"]) == (4, 4)
    (holder,) = pool["holders"]
    assert (holder["by"]["function"], holder["count"]) == ("start_job", 4)
    assert 0 < holder["min_ns"] <= holder["max_ns"]


def test_django_s_own_connections_are_a_thread_s_each(shim, programs, stand):
    running = stand([DRIVERS, "django_pools.py"], "kept by threads")
    connections = [connection for site in running.report()["sites"]
                   for connection in site["connections"] if not connection["ended_at"]]
    owners = {connection["owner"] for connection in connections}
    assert len(connections) == len(owners) == 2
    assert f"Django's connection of thread {running.process.pid}" in owners
    assert {connection["pool_state"] for connection in connections} == {None}

"""SIGKILL at any moment: what was recorded is read, and each record is whole or said to
be torn.
"""
import os
import random
import select
import signal
import subprocess

import pytest

from ledger import Ledger
from shim import TIMEOUT, total

KILLS = 50
CONNECTIONS = 1000
THREADS = 8


def kill_after(process, count):
    """Kills the program as soon as it has closed `count` connections."""
    seen = 0
    while seen <= count:
        ready, _, _ = select.select([process.stdout], [], [], TIMEOUT)
        assert ready, "the program hangs"
        dots = os.read(process.stdout.fileno(), 4096)
        if not dots:
            break
        seen += len(dots)
    process.kill()
    return seen + len(process.stdout.read())


def assert_whole(connection, process_start):
    """A whole record has what its state promises; half of it would not."""
    assert connection.serial > 0 and connection.handle > 0
    assert connection.opened_at_ns >= process_start
    assert connection.opened_stack > 0 and connection.site > 0
    if connection.connected_at_ns:
        assert connection.backend_pid > 0
        assert connection.connected_at_ns >= connection.opened_at_ns
    if connection.ended_at_ns:
        assert connection.ended_at_ns >= connection.opened_at_ns
        assert connection.closed_stack > 0


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_ledger_is_readable_after_a_kill_at_a_random_moment(kill, shim):
    seed = random.randrange(1 << 32)
    moment = random.Random(seed).randrange(CONNECTIONS)
    print(f"seed {seed}: killed after {moment} connections")
    environment = shim.preload(dir=shim.ledgers)
    with subprocess.Popen([shim.program("churn")], env=environment, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        closed = kill_after(process, moment)
        errors = process.stderr.read()
        assert process.wait(TIMEOUT) == -signal.SIGKILL, errors
    (path,) = shim.ledgers.rglob("*.ledger")
    ledger = Ledger(path)
    assert (ledger.header.pid, ledger.header.ended) == (process.pid, 0)
    for connection in ledger.connections():
        assert_whole(connection, ledger.header.started_at_ns)
    torn = ledger.torn_count()
    assert torn <= THREADS
    result = shim.report_of(path)
    assert result.status in (0, 23), result.errors
    report = result.report
    (process_report,) = report["processes"]
    assert process_report["ended"] == "killed"
    assert process_report["lost_records"] == 0
    # A thread may be between its finish and its dot, or between its connect and its finish.
    assert closed <= process_report["opened"] <= closed + 2 * THREADS
    assert 0 <= process_report["opened"] - total(report, "closed") <= 2 * THREADS
    for site in report["sites"]:
        for connection in site["connections"]:
            assert connection["database"] in (shim.base["PGDATABASE"], "")

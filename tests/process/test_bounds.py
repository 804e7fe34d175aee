"""A million connections, and as many stacks as nobody has: with the fake libpq. The ledger stays
below its limit, the process's memory too, and every sum is the program's own.
"""
import json
import os
import subprocess

import pytest
from conftest import BUILD

from ledger import open_ledger
from layout import CONSTANTS
from shim import TIMEOUT, Shim, ending_total, total

MEBIBYTE = 1 << 20


@pytest.fixture
def shim(tmp_path):
    """No server: the fake libpq needs none."""
    return Shim(BUILD, tmp_path, {})


class Run:
    """million.c, after its last connection."""

    def __init__(self, shim, environment, *numbers):
        argv = [shim.program("million"), *map(str, numbers)]
        self.process = subprocess.Popen(argv, env=environment, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.peak_bytes = int(self.process.stdout.readline()) * 1024

    def finish(self):
        _, errors = self.process.communicate("", TIMEOUT)
        assert (self.process.returncode, errors) == (0, "")


def plain_peak_bytes(shim):
    run = Run(shim, shim.base, 1000, 1, 1, 1, 0)
    run.finish()
    return run.peak_bytes


def section_of(ledger, kind):
    return ledger.header.section[CONSTANTS["LEDGER_" + kind]]


def check_report(report, count, kept, lost):
    assert (total(report, "opened"), total(report, "closed")) == (count, count - kept)
    assert ending_total(report, "open") == kept
    assert total(report, "lost_records") == lost
    assert sum(site["opened"] for site in report["sites"]) == count
    assert sum(site["open"] for site in report["sites"]) == kept
    assert all(sum(site["endings"].values()) == site["count"] for site in report["sites"])


# COUNT SITES USES CLOSES KEPT: so many connections, through so many stacks.
@pytest.mark.parametrize("numbers, limit", [
    pytest.param((1000000, 50, 20000, 7, 100), 64 * MEBIBYTE, id="a million connections"),
    pytest.param((100000, 11, 3000, 7, 100), 2 * MEBIBYTE, id="and a small ledger"),
    pytest.param((20000, 20000, 1, 1, 50), 64 * MEBIBYTE, id="20,000 opening stacks"),
    pytest.param((20000, 20000, 1, 1, 50), 2 * MEBIBYTE, id="and a small ledger for them"),
    pytest.param((40000, 101, 1, 199, 50), 2 * MEBIBYTE, id="20,000 stories"),
])
def test_sums_are_exact_and_room_is_bounded(numbers, limit, shim):
    count, sites, uses, closes, kept = numbers
    is_small = limit < 64 * MEBIBYTE
    form = "json" if is_small else "text"  # 20,000 stacks take half a gigabyte as JSON
    run = Run(shim, shim.preload(ledger_max=limit, format=form), *numbers)
    ledger = open_ledger(shim.ledgers, run.process.pid)
    assert (ledger.header.opened, ledger.header.finished) == (count, count - kept)
    assert os.stat(ledger.path).st_size <= limit
    # Beside the ledger there are tables to find things in it, of a few bytes an entry.
    assert run.peak_bytes - plain_peak_bytes(shim) < min(limit, 24 * MEBIBYTE) + 16 * MEBIBYTE
    lost = {kind: section_of(ledger, kind).lost
            for kind in ("STACKS", "SITES", "CONNECTIONS", "ENDINGS")}
    rows = {name: [record for record, _ in ledger.records(f"ledger_{name}")]
            for name in ("site", "ending")}
    ledger.close()
    assert sum(site.opened for site in rows["site"]) == count
    assert sum(site.open for site in rows["site"]) == kept
    assert sum(sum(site.lifetimes) for site in rows["site"]) == count - kept
    assert sum(ending.count for ending in rows["ending"]) == count - kept
    if not is_small:
        assert not any(lost.values())
        assert len(rows["site"]) == sites
        assert len(rows["ending"]) == len({(n % sites, n % closes) for n in range(count - kept)})
    else:
        assert any(lost.values())
    run.finish()
    (path,) = shim.reports.iterdir()
    if is_small:
        check_report(json.loads(path.read_text()), count, kept, sum(lost.values()))
    else:
        head = f"{count} connections opened, {count - kept} closed by the program, peak {kept} open"
        text = path.read_text()
        first, *_, last = text.splitlines()
        assert head in first
        assert f"{kept} leaks" in last or f"({kept} connections)" in last
        assert "found no room" not in text

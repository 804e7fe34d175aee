"""A companion that is killed, hangs, or cannot be run: the program's end waits no longer than a
minute, and the report is plain.
"""
import contextlib
import os
import pathlib
import select
import shutil
import signal
import subprocess
import time

import pytest
from conftest import BUILD

from faults import COUNTS, NO_COMPANION, WORDS, faults, record_in, suffer
from shim import TIMEOUT, Shim


@pytest.fixture
def fake(tmp_path):
    """The fake libpq, and a shim whose companion is what a test puts there."""
    shim = Shim(BUILD, tmp_path, {})
    place = tmp_path / "shim"
    (place / "cli").mkdir(parents=True)
    shim.library = pathlib.Path(shutil.copy(shim.library, place))
    shim.companion = place / "cli" / "pqleak"
    return shim


def script(fake, text, mode=0o755):
    fake.companion.write_text(text)
    fake.companion.chmod(mode)


@pytest.mark.parametrize("text, mode", [
    pytest.param("#!/bin/sh\nkill -9 $$\n", 0o755, id="killed"),
    pytest.param("#!/bin/sh\nkill -ABRT $$\n", 0o755, id="crashes"),
    pytest.param("#!/bin/sh\nexit 1\n", 0o755, id="fails"),
    pytest.param("#!/bin/sh\nexit 127\n", 0o755, id="cannot load"),
    pytest.param("#!/no/such/shell\n", 0o755, id="has no interpreter"),
    pytest.param("\x7fELF but no program", 0o755, id="is no program"),
    pytest.param("#!/bin/sh\n", 0o644, id="is not executable"),
    pytest.param("#!/bin/sh\nkill -9 $PPID\nsleep 100\n", 0o755, id="killed with its parent"),
])
def test_a_companion_that_gives_no_report(text, mode, fake):
    script(fake, text, mode)
    record = suffer(fake, faults(fake), NO_COMPANION)
    assert record.is_plain and record.counts == COUNTS
    assert not list(fake.ledgers.iterdir())


class Hanging:
    """The program, whose companion hangs."""

    def __init__(self, fake):
        self.fake = fake
        os.mkfifo(fake.directory / "started")
        self.started = os.open(fake.directory / "started", os.O_RDWR)
        script(fake, f'#!/bin/sh\necho "$$ $PPID" >{fake.directory}/started\nexec sleep 1000\n')
        self.process = subprocess.Popen(
            faults(fake), env=fake.preload(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        ready, _, _ = select.select([self.started], [], [], TIMEOUT)
        assert ready, "no companion was started"
        self.companion, self.intermediate = map(int, os.read(self.started, 100).split())
        self.began = time.monotonic()

    def finish(self):
        output, errors = self.process.communicate(timeout=TIMEOUT)
        assert (self.process.returncode, output.count("\n")) == (0, len(WORDS) - 1)
        record = record_in(self.fake, errors)
        assert (record.counts, record.notices, record.is_plain) == (COUNTS, [NO_COMPANION], True)

    def close(self):
        os.close(self.started)
        for pid in (self.companion, self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def hanging(fake):
    hanging = Hanging(fake)
    yield hanging
    hanging.close()


@pytest.mark.parametrize("whom", ["companion", "intermediate"])
def test_one_that_hangs_is_killed_and_the_program_ends(whom, hanging):
    os.kill(getattr(hanging, whom), signal.SIGKILL)
    hanging.finish()


def test_who_kills_the_program_while_it_waits_loses_nothing(hanging, fake):
    """The ledger is not told yet: `pqleak report` finds it."""
    hanging.process.kill()
    hanging.process.communicate()
    fake.companion = BUILD / "shim" / "cli" / "pqleak"
    (process,) = fake.report_of().report["processes"]
    assert (process["opened"], process["open"]) == COUNTS


if os.environ.get("PQLEAK_TEST_LONG"):
    def test_one_that_hangs_is_given_up_after_a_minute(hanging):
        hanging.finish()
        assert 55 < time.monotonic() - hanging.began < 65
        with pytest.raises(ProcessLookupError):
            os.kill(hanging.companion, 0)

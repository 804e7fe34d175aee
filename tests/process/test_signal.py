"""PQLEAK_SIGNAL: a report of the running process that the process does not notice."""
import re
import select
import signal
import subprocess
import time

import pytest

from shim import TIMEOUT, total, validated

CALLS = {
    "read": ("read returned 1: Success", "\n"),
    "poll": ("poll returned 1: Success", "\n"),
    "select": ("select returned 1: Success", "\n"),
    "nanosleep": ("nanosleep returned 0: Success", ""),
}


@pytest.fixture
def start(shim):
    """Starts interrupted.c; a test that fails leaves none behind."""
    started = []

    def start_one(call, handler, environment=None):
        started.append(Waiting(shim, call, handler, environment))
        return started[-1]

    yield start_one
    for waiting in started:
        waiting.process.kill()
        waiting.process.communicate()


class Waiting:
    """interrupted.c, standing in the call that it was told to wait in."""

    def __init__(self, shim, call, handler, environment=None):
        self.shim = shim
        self.process = subprocess.Popen(
            [shim.program("interrupted"), call, handler],
            env=environment or shim.preload(signal="USR2"), text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        ready, _, _ = select.select([self.process.stdout], [], [], TIMEOUT)
        assert ready and self.process.stdout.readline() == "waiting\n"
        wait_until(lambda: self.state() == "S", "the program sleeps in its call")

    def state(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0]

    def signal(self):
        self.process.send_signal(signal.SIGUSR2)

    def take_report(self):
        path = self.shim.reports / f"{self.process.pid}.json"
        wait_until(lambda: is_complete(path), "the report is there")
        report = validated(path.read_text())
        path.unlink()
        return report

    def finish(self, text):
        output, self.errors = self.process.communicate(text, TIMEOUT)
        return output.splitlines()


def wait_until(is_true, what):
    deadline = time.monotonic() + 30
    while not is_true():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)


def is_complete(path):
    if not path.exists():
        return False
    text = path.read_text()
    return text.rstrip().endswith("}") and text.count("{") == text.count("}")


@pytest.mark.parametrize("call", CALLS)
def test_a_waiting_call_is_not_interrupted(call, start):
    line, text = CALLS[call]
    waiting = start(call, "none")
    waiting.signal()
    report = waiting.take_report()
    assert report["processes"][0]["ended"] == "running"
    assert (total(report, "opened"), total(report, "open")) == (1, 1)
    assert waiting.finish(text) == [line, "handled 0, children 0, wait -1: No child processes"]
    assert waiting.errors == ""
    assert waiting.process.returncode == 0


def test_each_signal_gives_a_report_and_the_end_another(start):
    waiting = start("read", "none")
    for _ in range(3):
        waiting.signal()
        assert waiting.take_report()["processes"][0]["ended"] == "running"
    waiting.finish("\n")
    assert waiting.take_report()["processes"][0]["ended"] == "exit"


@pytest.mark.parametrize("handler", ["before", "after"])
def test_the_programs_own_handler_is_never_taken_away(handler, start):
    waiting = start("read", handler)
    waiting.signal()
    wait_until(lambda: waiting.state() == "S", "the program sleeps again")
    lines = waiting.finish("\n")
    assert lines == ["read returned 1: Success",
                     "handled 1, children 0, wait -1: No child processes"]
    # The shim may say once why it will not report; a handler set later it need not notice.
    assert re.fullmatch(r"(pqleak: [^\n]*USR2[^\n]*\n)?", waiting.errors)
    assert waiting.take_report()["processes"][0]["ended"] == "exit"


def test_without_the_option_the_signal_is_the_programs(shim, start):
    waiting = start("read", "none", shim.preload())
    waiting.signal()
    assert waiting.process.wait(TIMEOUT) == -signal.SIGUSR2
    waiting.process.communicate()


def test_the_report_at_the_end_raises_no_sigchld_either(shim, start):
    plain = start("read", "none", shim.base).finish("\n")
    assert start("read", "none", shim.preload()).finish("\n") == plain

"""Standard streams that are closed, or that are somebody else's: nothing of ours goes there, and
the report is kept for who asks.
"""
import contextlib
import itertools
import os
import shutil
import subprocess
import time
import uuid

import pytest

from faults import PRIVATE, WORDS, record_in, suffer
from shim import TIMEOUT, total


def closed(streams, argv):
    shut = " ".join(f"{stream}{'<' if stream == 0 else '>'}&-" for stream in streams)
    return ["sh", "-c", f'exec "$@" {shut}', "sh", *argv]


def with_closed(streams, shim, *words):
    return closed(streams, [shim.program("faults"), *words, *WORDS])


class Complaints:
    """What the server says from now on of bytes that are not libpq's."""

    def __init__(self, server):
        self.server = server
        self.first = len(server.log)

    def take(self):
        mark = f"mark {uuid.uuid4()}"
        self.server.query(f"do $$ begin raise log '{mark}'; end $$")
        deadline = time.monotonic() + TIMEOUT
        while not any(mark in line for line in self.server.log[self.first:]):
            assert time.monotonic() < deadline, "the server's log ends"
            time.sleep(0.01)
        lines, self.first = self.server.log[self.first:], len(self.server.log)
        return [line.partition("FATAL")[2] for line in lines
                if "frontend message" in line or "protocol" in line or "packet" in line]


@pytest.fixture
def complaints(server):
    return Complaints(server)


SUBSETS = [subset for count in (1, 2, 3) for subset in itertools.combinations((0, 1, 2), count)]


@pytest.mark.parametrize("is_private", [False, True], ids=["file", "private memory"])
@pytest.mark.parametrize("streams", SUBSETS, ids=str)
def test_closed_standard_streams_and_a_log(streams, is_private, shim, complaints):
    """The server's socket has the number of one; so may the copy of a private ledger."""
    argv = with_closed(streams, shim, *(["forbid", "madvise"] if is_private else []))
    plain = shim.execute(argv)
    own = complaints.take()  # what the program writes to a socket in place of its output
    told = shim.execute(argv, shim.preload())
    assert (told.status, told.output) == (plain.status, plain.output)
    record = record_in(shim, told.errors)
    assert (record.opened, record.open, record.is_plain) == (7, 1, False)
    assert complaints.take() == own


@pytest.mark.parametrize("streams", [subset for subset in SUBSETS if 2 in subset], ids=str)
def test_without_a_standard_error_the_report_waits_in_the_ledger(streams, shim, complaints):
    argv = with_closed(streams, shim)
    environment = shim.preload(log="stderr", format="text")
    plain, own = shim.execute(argv), complaints.take()
    told = shim.execute(argv, environment)
    assert told.behaviour() == plain.behaviour()
    assert complaints.take() == own
    (ledger,) = shim.ledgers.rglob("*.ledger")
    report = shim.report_of(ledger).report
    assert (report["processes"][0]["opened"], report["processes"][0]["open"]) == (7, 1)
    assert len(shim.report_of().reports) == 1, "and who asks without a name finds it"


def test_a_copy_that_takes_the_number_of_standard_input_is_read(shim):
    argv = [shim.program("faults"), "forbid", "madvise", *WORDS, "shut", "0"]
    record = suffer(shim, argv, PRIVATE)
    assert (record.opened, record.open, record.is_plain) == (7, 1, False)


# What is said at the first record, and the report.
@pytest.mark.parametrize("words, streams", [
    pytest.param(["shut", "2", "socket", "2"], (), id="a socket in the place of standard error"),
    pytest.param(["socket", "2"], (2,), id="a socket where none was"),
])
def test_nothing_comes_out_of_a_socket_with_that_number(words, streams, shim):
    argv = closed(streams, [shim.program("faults"), *words, *WORDS, "heard"])
    environment = shim.preload(log="stderr", format="text", depth="no number")
    told = shim.execute(argv, environment)
    assert "heard -1, errno 11\n" in told.output
    (ledger,) = shim.ledgers.rglob("*.ledger")
    assert total(shim.report_of(ledger).report, "opened") == 7


def test_a_file_that_got_the_number_of_a_missing_standard_error_is_the_programs(shim, tmp_path):
    argv = closed((2,), [shim.program("faults"), "file", tmp_path / "data", *WORDS])
    environment = shim.preload(log="stderr", format="text", depth="no number")
    told = shim.execute(argv, environment)
    assert told.output.startswith("file 2, errno 0\n")
    assert (tmp_path / "data").read_text() == ""
    (ledger,) = shim.ledgers.rglob("*.ledger")
    assert total(shim.report_of(ledger).report, "opened") == 7


def test_a_pipe_that_nobody_empties_holds_nobody_for_ever(shim, tmp_path):
    """The plain report is longer than what the pipe still takes."""
    library = shutil.copy(shim.library, tmp_path / "libpqleak.so")
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"." * 4096)
    os.set_blocking(writing, True)
    environment = shim.base | {"LD_PRELOAD": library} | shim.options()
    process = subprocess.Popen([shim.program("faults"), *WORDS], env=environment, stderr=writing,
                               stdout=subprocess.DEVNULL)
    assert process.wait(TIMEOUT) == 0
    assert os.read(reading, 1 << 20).strip(b".") == b""
    (ledger,) = shim.ledgers.rglob("*.ledger")
    assert total(shim.report_of().report, "opened") == 7, "it is kept for who asks"
    os.close(reading)
    os.close(writing)

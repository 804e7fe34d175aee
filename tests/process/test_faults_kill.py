"""SIGKILL at any instruction of the shim's work: the program is stepped through an open, a use
and a close, from one of its system calls on, and killed after so many instructions. Whoever
reads what is left finds what was complete.

The first record (it makes the file) and a later round (stacks and strings are known, or new) are
stepped. Some of the instructions in a run of the tests, with PQLEAK_TEST_LONG=1 many more.
"""
import os
import random
import subprocess

import pytest

from ledger import Ledger, ledger_paths
from shim import TIMEOUT, total

SAMPLES = 2000 if os.environ.get("PQLEAK_TEST_LONG") else 25
INSTRUCTIONS = 10000  # from a system call on
ROUND = ["open", "use", "close"]
MARK = ["kill", "19"]
# What comes before the mark, what is stepped, opened before the mark and finished before it.
MOMENTS = {
    "the first record": ([], ROUND, 0, 0),
    "another round": ([*ROUND, "open"], ROUND, 2, 1),
    "a new stack": ([*ROUND, "open"], ["many", "1"], 2, 1),
}


def stepped(fake, calls, instructions, before, words):
    argv = [fake.program("single_step"), str(calls), str(instructions),
            fake.program("faults_fake"), *before, *MARK, *words, *MARK]
    environment = fake.preload(log="stderr", format="text")
    return subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=TIMEOUT)


def check(fake, path, opened, finished):
    """At most one more was opened, and it finished, than when the stepping began."""
    result = fake.report_of(path)
    if "cut off as it began" in result.errors or "is empty" in result.errors:
        assert opened == 0 and result.status == 1
        return "begun"
    assert result.status in (0, 23), result.errors
    report = result.report
    assert report["processes"][0]["lost_records"] == 0
    assert total(report, "opened") in (opened, opened + 1)
    assert total(report, "closed") in (finished, finished + 1)
    # One may have been counted, and its record not yet be there, or not yet be ended.
    unfinished = total(report, "opened") - total(report, "closed")
    assert abs(total(report, "abandoned") - unfinished) <= 1
    ledger = Ledger(path)
    torn = ledger.torn_count()
    ledger.close()
    assert torn <= 2, "a connection and its site"
    return "whole"


@pytest.mark.parametrize("name", MOMENTS)
def test_killed_after_so_many_instructions(name, fake):
    before, words, opened, finished = MOMENTS[name]
    whole = stepped(fake, 1 << 30, 0, before, words)
    assert whole.returncode == 0, whole.stderr
    most = int(whole.stdout.splitlines()[-1])
    seed = random.randrange(1 << 32)
    print(f"{name}: {most} stops at system calls, seed {seed}")
    moments = random.Random(seed)
    found = set()
    for path in ledger_paths(fake.ledgers):
        path.unlink()
    for sample in range(SAMPLES):
        # One of each stretch: all are met in the long run.
        calls = (sample * most + moments.randrange(most)) // SAMPLES
        instructions = moments.randrange(INSTRUCTIONS)
        result = stepped(fake, calls, instructions, before, words)
        assert result.returncode == 0, result.stderr
        paths = ledger_paths(fake.ledgers)
        assert len(paths) == 1 or (not paths and opened == 0), (calls, instructions, paths)
        for path in paths:
            found.add(check(fake, path, opened, finished))
            path.unlink()
    assert "whole" in found

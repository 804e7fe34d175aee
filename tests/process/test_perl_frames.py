"""Perl sees its own frames as the shim reads them.

The interpreter itself is the oracle. The scripts are tests/process/frames_*.pl, the shim's
side is tests/programs/frames/frames_probe.c, which they call through FFI::Platypus.
"""
import json
import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
BUILD = pathlib.Path(os.environ.get("PQLEAK_BUILD_DIR", HERE.parents[1] / "build")).absolute()
PROBE = BUILD / "tests" / "programs" / "frames" / "frames_probe.so"
PERL = "/usr/bin/perl"
STACKS = 20000


@pytest.fixture(scope="module", autouse=True)
def platypus():
    found = subprocess.run([PERL, "-MFFI::Platypus", "-e1"], stderr=subprocess.DEVNULL)
    if found.returncode != 0:
        pytest.skip("no FFI::Platypus: scripts/setup installs libffi-platypus-perl")


def run(script, *arguments):
    result = subprocess.run([PERL, str(HERE / script), str(PROBE), *map(str, arguments)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    assert result.returncode == 0, result.stderr.decode(errors="replace") or result.returncode
    assert result.stderr == b"", result.stderr.decode(errors="replace")
    return json.loads(result.stdout)


def test_the_frames_are_those_of_caller():
    result = run("frames_oracle.pl", STACKS)
    print(result)
    assert result["stacks"] >= STACKS
    assert result["deepest"] > 60
    assert len(result["shapes"]) >= 29
    assert result["mismatches"] == []
    assert result["keeps_errno"] == 1


def test_a_call_and_a_dropped_object_are_told_apart():
    result = run("frames_moments.pl")
    assert result["rows"] > 20
    assert result["failures"] == []

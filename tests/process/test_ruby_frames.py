"""Debian's Ruby sees its own frames as the shim reads them.

The interpreter itself is the oracle: caller_locations, in frames_oracle.rb. The shim's side is
tests/programs/frames/frames_probe.c.
"""
import json
import pathlib
import shutil
import subprocess

from conftest import BUILD

HERE = pathlib.Path(__file__).parent
PROBE = BUILD / "tests" / "programs" / "frames" / "frames_probe.so"
STACKS = 40000


def test_the_frames_are_those_of_caller_locations():
    ruby = shutil.which("ruby")
    assert ruby, "Ruby is missing: scripts/setup installs it"
    result = subprocess.run([ruby, HERE / "frames_oracle.rb", PROBE, str(STACKS)], timeout=300,
                            check=True, stdout=subprocess.PIPE)
    found = json.loads(result.stdout)
    print(found)
    assert found["stacks"] >= STACKS * 3 / 4
    assert found["deepest"] > 60
    assert found["mismatches"] == []

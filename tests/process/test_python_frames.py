"""Every CPython of this machine sees its own frames as the shim reads them.

The interpreter itself is the oracle. The scripts are tests/process/frames_*.py, the shim's
side is tests/programs/frames/frames_probe.c.
"""
import json
import os
import pathlib
import subprocess

import pytest

import interpreters

HERE = pathlib.Path(__file__).parent
BUILD = pathlib.Path(os.environ.get("PQLEAK_BUILD_DIR", HERE.parents[1] / "build")).absolute()
PROBE = BUILD / "tests" / "programs" / "frames" / "frames_probe.so"
EMBEDDER = PROBE.with_name("embedder")
STACKS = 200000


def rows(found):
    return pytest.mark.parametrize("path", [pytest.param(path, id=name)
                                            for name, path, _ in found])


def run(path, script, *arguments, **environment):
    result = subprocess.run([path, str(HERE / script), str(PROBE), *map(str, arguments)],
                            env={**os.environ, **environment, "PYTHONDONTWRITEBYTECODE": "1"},
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    assert result.returncode == 0, result.stderr.decode() or result.returncode
    assert result.stderr == b"", result.stderr.decode()
    return result.stdout.decode()


def test_an_interpreter_is_found():
    assert interpreters.SUPPORTED


@rows(interpreters.SUPPORTED)
def test_the_frames_are_those_of_sys_getframe(path):
    result = json.loads(run(path, "frames_oracle.py", STACKS))
    print(result)
    assert result["stacks"] >= STACKS
    assert result["deepest"] > 60
    assert result["mismatches"] == []


@rows(interpreters.SUPPORTED)
def test_python_frames_stand_between_the_right_native_frames(path):
    result = json.loads(run(path, "frames_order.py", 6000))
    assert result["stacks"] == 6000
    assert result["mismatches"] == []


@rows(interpreters.SUPPORTED)
def test_a_close_a_drop_and_a_collection_are_told_apart(path):
    result = json.loads(run(path, "frames_moments.py"))
    assert result["rows"] > 30
    assert result["failures"] == []


@rows(interpreters.SUPPORTED)
def test_finalization_is_seen_and_survived(path):
    lines = run(path, "frames_finalization.py", PROBE_AT_END="1", PROBE_SAYS_DESTROY="1")
    atexit, deleted, frames, capsule, end = lines.splitlines()
    assert (atexit.split()[2], atexit.split()[5:]) == ("0", ["close", "at_exit"])
    assert (deleted.split()[2], deleted.split()[5]) == ("1", "record")
    assert frames == "frames: same"
    assert (capsule.split()[1], capsule.split()[4:]) == ("1", ["-", "-"])
    assert end == "end: 1 -"


@rows(interpreters.SUPPORTED)
def test_threads_that_outlive_the_interpreter_are_walked_without_harm(path):
    lines = run(path, "frames_finalization.py", "threads", PROBE_AT_END="1")
    assert [line.split(":")[0] for line in lines.splitlines()] == ["atexit", "end"]


@rows(interpreters.EMBEDDABLE)
def test_a_plugins_own_python_is_found_and_may_go(path):
    library, prefix = interpreters.shared_library(path)
    result = subprocess.run([str(EMBEDDER), library], env={**os.environ, "PYTHONHOME": prefix},
                            stdout=subprocess.PIPE, timeout=60, check=True)
    run_of_python = ["begun:", "inside: inner outer <module>", "ended:"]
    assert result.stdout.decode().splitlines() == [
        "before: 0", "opened: 1", *run_of_python, *run_of_python, "closed:", "loaded: no more"]


if interpreters.UNSUPPORTED:  # Debian has none any more

    @rows(interpreters.UNSUPPORTED)
    def test_an_older_python_is_refused(path):
        code = "import ctypes, sys; print(ctypes.CDLL(sys.argv[1]).probe_attach())"
        result = subprocess.run([path, "-c", code, str(PROBE)], stdout=subprocess.PIPE, check=True)
        assert result.stdout.split() == [b"2"]

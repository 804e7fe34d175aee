"""Two threads inside of one connection at once: both stacks are told, and whoever comes one
after the other, or asks only, is not accused.
"""
import pytest

from conftest import BUILD
from shim import Shim

FAKE_LIBPQ = BUILD / "tests" / "programs" / "fake_libpq" / "first"
KIND = "two threads at once"


@pytest.fixture
def fake(tmp_path):
    """No server: the fake libpq needs none."""
    directory = tmp_path / "fake"
    directory.mkdir()
    return Shim(BUILD, directory, {"LD_LIBRARY_PATH": str(FAKE_LIBPQ)})


def functions_of(stack):
    return [frame["function"] for frame in stack]


def test_both_threads_of_a_c_program_are_shown(fake):
    result = fake.run_preloaded([fake.program("two_threads"), "at_once"])
    assert result.status == 0, result.errors
    (misuse,) = result.report["misuse"]
    assert (misuse["kind"], misuse["count"]) == (KIND, 1)
    assert functions_of(misuse["stacks"]["misused"])[:2] == ["PQflush", "second"]
    assert functions_of(misuse["stacks"]["other"])[:3] == ["PQexec", "first", "main"]
    assert misuse["thread"] != misuse["other_thread"] == result.pid
    assert misuse["connection"]["uses"] >= 1


@pytest.mark.parametrize("what", ["accessors", "locked", "jumped", "ended", "nested"])
def test_one_after_the_other_is_legal(what, fake):
    result = fake.run_preloaded([fake.program("two_threads"), what], environment=fake.preload(
        verbose=1))
    assert result.status == 0, result.errors
    assert result.report["misuse"] == []
    assert sum(process["opened"] for process in result.report["processes"]) == 1


def test_many_at_once_leave_the_record_whole(fake):
    for _ in range(5):
        result = fake.run_preloaded([fake.program("two_threads"), "storm"],
                                    environment=fake.preload(verbose=1))
        assert result.status == 0, result.errors
        (process,) = result.report["processes"]
        assert (process["opened"], process["closed"], process["torn_records"]) == (1, 1, 0)
        assert {misuse["kind"] for misuse in result.report["misuse"]} <= {KIND}


def test_uses_that_are_not_tracked_are_not_looked_at(fake):
    result = fake.run_preloaded([fake.program("two_threads"), "at_once"], environment=fake.preload(
        track="connections", verbose=1))
    assert result.status == 0, result.errors
    assert result.report["misuse"] == []


def test_both_threads_of_a_python_program_are_shown(shim, programs, python):
    result = shim.run_preloaded([python, programs / "two_threads.py", "at_once"])
    assert result.status == 0, result.errors
    (misuse,) = result.report["misuse"]
    assert misuse["kind"] == KIND
    assert "second" in functions_of(misuse["stacks"]["misused"])
    assert "first" in functions_of(misuse["stacks"]["other"])
    assert "second" not in functions_of(misuse["stacks"]["other"])


@pytest.mark.parametrize("what", ["locked", "driver"])
def test_a_python_program_with_a_lock_is_not_accused(what, shim, programs, python):
    result = shim.run_preloaded([python, programs / "two_threads.py", what],
                                environment=shim.preload(verbose=1))
    assert result.status == 0, result.errors
    assert result.report["misuse"] == []

"""The last use of a connection is the right one, however alike its callers are: a stack that
is known again without a walk is never another one.
"""
import collections
import pathlib
import re

import pytest

import interpreters
from conftest import BUILD
from shim import Shim, total

FAKE_LIBPQ = BUILD / "tests" / "programs" / "fake_libpq" / "first"
# Which functions the last letter of a word stands for, innermost first.
LAST = {"a": ["helper", "caller_a", "call"], "b": ["helper", "caller_b", "call"],
        "c": ["helper", "caller_b", "caller_c", "call"], "d": ["helper", "caller_d", "call"],
        "t": ["helper", "caller_a", "caller_t"]}
WORDS = ["a", "ab", "ba", "aba", "bab", "abc", "cab", "caca", "tab", "abt", "tat", "dddd", "adbd",
         "dadb", "ddda", "arrr", "rrrrb", "rarr", "aaaabbbbaaaa"]


@pytest.fixture
def shim(tmp_path):
    """No server: the fake libpq needs none."""
    return Shim(BUILD, tmp_path, {"LD_LIBRARY_PATH": str(FAKE_LIBPQ)})


def functions_of(stack):
    return [frame["function"] for frame in stack
            if re.match("caller_|call$|helper", frame["function"])]


def last_of(word):
    depth = len(word) - 1
    return LAST.get(word[-1]) or ["helper"] + (depth + 1) * ["caller_r"] + ["call"]


@pytest.mark.parametrize("word", WORDS)
def test_the_last_use_is_by_its_callers(word, shim):
    result = shim.run_preloaded([shim.program("last_use"), word])
    assert result.status == 0, result.errors
    (site,) = result.report["sites"]
    (connection,) = site["connections"]
    assert functions_of(connection["last_use"]["stack"]) == last_of(word)
    assert connection["uses"] == len(word) + word.count("c")
    assert connection["transactions"] == 0 and connection["longest_transaction"] is None


def way_of(stack):
    names = [frame["function"] for frame in stack if re.match("caller_|recurse", frame["function"])]
    return {("caller_a",): "a", ("caller_b",): "b", ("caller_b", "caller_c"): "c",
            4 * ("recurse",) + ("caller_r",): "r", ("caller_v",): "v"}[tuple(names)]


@pytest.mark.parametrize("word", ["ab", "abab", "aabbab", "abcbacbc", "rarabbrr", 12 * "avva",
                                  20 * "vb" + 20 * "av", 3 * "abcrv" + 3 * "vrcba"])
def test_a_connection_is_opened_and_closed_by_its_callers(word, shim):
    """Also from a caller whose frame is never the same: its stacks are walked in the end."""
    result = shim.run_preloaded([shim.program("known_stacks"), word])
    assert result.status == 0, result.errors
    found = collections.Counter()
    for site in result.report["sites"]:
        for close in site["close_stacks"]:
            found[way_of(site["opened_stack"]) + way_of(close["stack"])] += close["count"]
    assert found == collections.Counter(re.findall("..", word))
    assert len(result.report["sites"]) == len(set(word[::2]))


def test_what_an_earlier_call_left_is_no_caller(shim):
    """In a frame that had room for an array its words are still where callers were."""
    result = shim.run_preloaded([shim.program("random_ways"), 3000])
    assert result.status == 0, result.errors
    found = collections.Counter()
    for site in result.report["sites"]:
        functions = [frame["function"] for frame in site["opened_stack"]]
        found["".join(name[-1] for name in reversed(functions) if re.match("way_", name))] += (
            site["opened"])
    assert found == collections.Counter(result.output.split())


def test_nothing_is_read_past_the_end_of_a_stack(shim):
    """A frame's size may change: what was far above in one thread is outside of the other's."""
    result = shim.run_preloaded([shim.program("stack_end")])
    assert (result.status, result.output) == (0, "done\n")
    (site,) = result.report["sites"]
    (connection,) = site["connections"]
    functions = [frame["function"] for frame in connection["last_use"]["stack"]]
    assert functions[:3] == ["PQexecParams", "use", "use_small"]
    assert connection["uses"] == 14


def test_nothing_is_read_past_the_end_of_a_shorter_stack(shim):
    """Nor where an earlier coroutine's stack was."""
    result = shim.run_preloaded([shim.program("shorter_stacks")])
    assert (result.status, result.output) == (0, "done\n")


def test_a_handler_that_uses_a_connection_in_the_middle_of_our_work(shim):
    """Nobody waits for the lock that the interrupted one has."""
    result = shim.run_preloaded([shim.program("using_handler")], timeout=60)
    assert result.status == 0, result.errors
    assert total(result.report, "opened") == total(result.report, "closed") == int(result.output)
    assert result.report["misuse"] == []


@pytest.mark.parametrize("word", ["cd", 9 * "cwd"])
def test_a_close_is_told_from_a_drop_beside_it(word, shim, programs):
    """What a place calls is asked for once: the places are in one function, and taken in turn."""
    result = shim.run_preloaded(["/usr/bin/python3", programs / "close_or_drop.py", word])
    assert result.status == 0, result.errors
    assert total(result.report, "collected") == word.count("d")
    assert total(result.report, "closed") == len(word) - word.count("d")


@pytest.mark.parametrize("count", [5, 20, 50, 51, 52])
def test_the_last_use_of_a_python_program_is_by_its_function(count, shim, python, programs):
    result = shim.run_preloaded([python, programs / "last_use.py", count])
    assert result.status == 0, result.errors
    name, line = result.output.split()
    (site,) = result.report["sites"]
    (connection,) = site["connections"]
    frames = [(frame["function"], frame["line"]) for frame in connection["last_use"]["stack"]
              if frame["language"] == "python"]
    assert [function for function, _ in frames] == ["helper", name, "<module>"]
    assert frames[1][1] == int(line)
    assert connection["uses"] == count


@pytest.mark.skipif(not interpreters.EMBEDDABLE, reason="no libpython")
def test_a_language_that_came_after_the_stacks_were_known_is_in_the_last_use(shim):
    path = interpreters.EMBEDDABLE[-1][1]
    library, prefix = interpreters.shared_library(path)
    environment = shim.preload() | {"PYTHONHOME": prefix}
    result = shim.run_preloaded([shim.program("late_language"), library], environment)
    assert result.status == 0, result.errors
    (site,) = result.report["sites"]
    (connection,) = [one for one in site["connections"] if one["last_use"]]
    assert [frame["function"] for frame in connection["last_use"]["stack"]
            if frame["language"] == "python"] == ["work", "<module>"]

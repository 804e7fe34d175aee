"""How each connection of a program in Lua ended is told apart, one row an ending.

A row is the versions that it is run with, the program's argument, its exit status, the
connection's ending, how it came to it, and the verdict.
"""
import pytest

from test_endings import assert_ending

LUA_ENDINGS = [
    (("5.1", "5.4"), "close", 0, "closed", "closed by a call", "ok"),
    (("5.4",), "tail_call", 0, "closed", "closed by a call", "ok"),
    (("5.1", "5.4"), "protected_call", 0, "closed", "closed by a call", "ok"),
    (("5.4",), "coroutine_body", 0, "closed", "closed by a call", "ok"),
    (("5.1", "5.2", "5.3", "5.4"), "collected", 0, "collected", "cyclic collector", "dropped"),
    (("5.1", "5.4"), "collected_by_work", 0, "collected", "cyclic collector", "dropped"),
    (("5.1", "5.2", "5.3", "5.4"), "state_closed", 0, "shutdown", "interpreter shutdown", "held"),
    (("5.4",), "error", 1, "shutdown", "interpreter shutdown", "held"),
    (("5.4",), "exit", 4, "open", "", "leak"),
    (("5.2", "5.4"), "exit_and_close", 4, "shutdown", "interpreter shutdown", "held"),
]
KEYS = ("version", "name", "status", "ending", "how", "verdict")
LUA_ROWS = [(version, *row) for versions, *row in LUA_ENDINGS for version in versions]


def lua_argv(version, programs, name):
    return [f"/usr/bin/lua{version}", programs / "endings.lua", name]


@pytest.mark.parametrize(KEYS, LUA_ROWS, ids=["-".join(row[:2]) for row in LUA_ROWS])
def test_an_ending_in_lua(version, name, status, ending, how, verdict, shim, programs):
    site = assert_ending(shim, lua_argv(version, programs, name), status, ending, how, "exit",
                         verdict)
    line = site["user_line"]
    assert (line["function"], line["source"]) == ("open_one",
                                                  'return assert(environment:connect(""))')


def lua_names(site):
    """The functions, innermost first; those without a name by their first line."""
    return [frame["function"] for frame in site["opened_stack"] if frame["language"] == "lua"]


@pytest.mark.parametrize("version", ["5.1", "5.4"])
def test_the_frames_of_a_coroutine_are_followed_by_those_that_resumed_it(version, shim, programs):
    """An inner coroutine connects; its state and those around it are all in the stack."""
    result = shim.run_companion(lua_argv(version, programs, "coroutine"))
    (site,) = result.report["sites"]
    lines = (programs / "endings.lua").read_text().splitlines()
    inner, outer, ending = (1 + lines.index(line) for line in (
        "\t\tlocal inner = coroutine.wrap(function()",
        "\tlocal outer = coroutine.create(function()", "function endings.coroutine()"))
    assert lua_names(site) == ["open_one", f"function <endings.lua:{inner}>",
                               f"function <endings.lua:{outer}>",
                               f"function <endings.lua:{ending}>", "main chunk"]
    assert all(frame["is_user"] for frame in site["opened_stack"] if frame["language"] == "lua")


def test_a_chunk_without_a_file_is_shown_by_its_beginning(shim, programs):
    result = shim.run_companion(lua_argv("5.4", programs, "chunk"))
    (site,) = result.report["sites"]
    line = site["user_line"]
    assert (line["function"], line["line"], line["source"]) == ("main chunk", 2, "")
    assert line["file"].startswith('[string "local environment = ...')

"""The last use of each connection is by the frames that the language's own backtrace has, however
alike those before it were: functions whose code is where another's was, other lines, other depths,
fibers. What is known again without a walk is never another stack.
"""
import json

import pytest

# Of 100 that the server has; a few uses each.
CONNECTIONS = 60
LANGUAGES = {
    "lua5.1": ["lua5.1", "last_uses.lua"], "lua5.2": ["lua5.2", "last_uses.lua"],
    "lua5.3": ["lua5.3", "last_uses.lua"], "lua5.4": ["lua5.4", "last_uses.lua"],
    "perl": ["perl", "last_uses.pl"], "php": ["php", "last_uses.php"],
    "python": ["/usr/bin/python3", "last_uses.py"], "ruby": ["ruby", "last_uses.rb"],
}


def callers_of_helper(stack, language):
    frames = [[frame["function"], frame["line"] or 0, frame["file"]] for frame in stack
              if frame["language"] == language]
    helper = next(i for i, frame in enumerate(frames) if frame[0].endswith("helper"))
    return frames[helper + 1:]


def matched(callers, expected):
    """What Lua has no name for, the report calls by its place; not all programs print files."""
    return [["?" if other[0] == "?" else name, line, file][:len(other)]
            for (name, line, file), other in zip(callers, expected)]


def last_uses(report):
    for site in report["sites"]:
        for connection in site["connections"]:
            yield int(connection["application_name"]), connection["last_use"]["stack"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_last_use_is_by_the_frames_that_made_it(language, shim, programs):
    command, program = LANGUAGES[language]
    result = shim.run_preloaded([command, programs / program, CONNECTIONS], timeout=120)
    assert result.status == 0, result.errors
    expected = dict(json.loads(line) for line in result.output.splitlines())
    found = dict(last_uses(result.report))
    assert sorted(found) == sorted(expected) == list(range(CONNECTIONS))
    for number, frames in expected.items():
        callers = callers_of_helper(found[number], language.rstrip(".0123456789"))
        assert matched(callers[:len(frames)], frames) == frames, f"connection {number}"

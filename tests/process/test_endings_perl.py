"""How each connection of a Perl program ended is told apart, one row an ending.

A row is as in test_endings.py: the program's argument, its exit status (negative: the signal),
the connection's ending and how it came to it, the process's end, and the verdict.
"""
import signal
import subprocess

import pytest

from shim import total
from test_endings import assert_ending, rows

PERL = "/usr/bin/perl"
PROGRAM = "endings.pl"
CALL = "closed by a call"
REFERENCE = "last reference"
SHUTDOWN = "interpreter shutdown"

PERL_ENDINGS = [
    ("disconnect", 0, "closed", CALL, "exit", "ok"),
    ("disconnect_by_name", 0, "closed", CALL, "exit", "ok"),
    ("disconnect_in_eval", 0, "closed", CALL, "exit", "ok"),
    ("cached_disconnect", 0, "closed", CALL, "exit", "ok"),
    ("scope", 0, "collected", REFERENCE, "exit", "dropped"),
    ("undef", 0, "collected", REFERENCE, "exit", "dropped"),
    ("assigned", 0, "collected", REFERENCE, "exit", "dropped"),
    ("exception", 0, "collected", REFERENCE, "exit", "dropped"),
    ("destructor", 0, "collected", "finaliser", "exit", "dropped"),
    ("thread", 0, "collected", REFERENCE, "exit", "dropped"),
    ("file", 0, "shutdown", SHUTDOWN, "exit", "held"),
    ("destruction", 0, "shutdown", SHUTDOWN, "exit", "held"),
    ("captured", 0, "shutdown", SHUTDOWN, "exit", "held"),
    ("cycle", 0, "shutdown", SHUTDOWN, "exit", "held"),
    ("cached", 0, "shutdown", SHUTDOWN, "exit", "held"),
    ("exit", 3, "shutdown", SHUTDOWN, "exit", "held"),
    ("exit_temporary", 3, "shutdown", SHUTDOWN, "exit", "held"),
    ("die", 255, "shutdown", SHUTDOWN, "exit", "held"),
    ("end", 0, "shutdown", "exit handler", "exit", "held"),
    ("in_transaction", 0, "shutdown", SHUTDOWN, "exit", "stuck"),
    ("inactive", 0, "open", "", "exit", "leak"),
    ("underscore_exit", 4, "abandoned", "", "_exit", "leak"),
    ("exec", 0, "abandoned", "", "exec", "leak"),
    ("signal", -signal.SIGTERM, "abandoned", "", "signal", "leak"),
    ("kill", -signal.SIGKILL, "abandoned", "", "killed", "leak"),
    ("failed", 0, "closed", "failed connect", "exit", "ok"),
]
OPENS_ITSELF = {"cached", "cached_disconnect", "failed"}


@rows(PERL_ENDINGS)
def test_an_ending_in_perl(name, status, ending, how, ended, verdict, shim, programs):
    site = assert_ending(shim, [PERL, programs / PROGRAM, name], status, ending, how, ended,
                         verdict)
    line = site["user_line"]
    assert line["function"] == f"main::{'end_' + name if name in OPENS_ITSELF else 'open_one'}"
    assert "DBI->connect" in line["source"]


@pytest.mark.parametrize("name, function, source", [
    ("fork_exit", "main::end_fork_exit", "exit 0 if !$pid;"),
    ("fork_undef", "main::__ANON__", "sub end_fork_undef { fork_with(sub { ${$_[0]} = undef }) }"),
    ("fork_destruction", None, None),
])
def test_a_child_that_lets_go_of_its_parents_handle_finishes_it(name, function, source, shim,
                                                                programs):
    result = shim.run_companion([PERL, programs / PROGRAM, name])
    assert (result.output, result.status) == ("child 0\ndead\ndone\n", 23)
    (misuse,) = result.report["misuse"]
    assert misuse["kind"] == "inherited finish"
    assert "AutoInactiveDestroy" in misuse["cure"]
    opened, misused = (next((frame for frame in misuse["stacks"][stack] if frame["is_user"]), None)
                       for stack in ("opened", "misused"))
    assert opened["function"] == "main::open_one"
    if function is None:
        assert misused is None
    else:
        lines = (programs / PROGRAM).read_text().splitlines()
        assert misused["function"] == function
        assert lines[misused["line"] - 1].strip() == source


@pytest.mark.parametrize("name", ["fork_inactive", "fork_underscore_exit"])
def test_a_child_that_leaves_its_parents_handle_alone_is_not_accused(name, shim, programs):
    result = shim.run_companion([PERL, programs / PROGRAM, name])
    assert (result.output, result.status) == ("child 0\nalive\ndone\n", 0)
    report = result.report
    assert report["misuse"] == []
    assert total(report, "opened") == total(report, "closed") == 1


@pytest.mark.parametrize("level", ["0", "1", "2"])
def test_a_host_that_ends_its_perl_goes_on_unharmed(level, shim, compile_program):
    flags = subprocess.run([PERL, "-MExtUtils::Embed", "-e", "ccopts; ldopts"], check=True,
                           text=True, stdout=subprocess.PIPE).stdout.split()
    program = compile_program("perl_host.c", "perl_host", *flags, "-lpq")
    result = shim.assert_same([program, level])
    assert (result.status, total(result.report, "opened")) == (0, 12)
    assert total(result.report, "closed") == 10
    (site,) = [site for site in result.report["sites"] if site["verdict"] != "ok"]
    assert (site["user_line"]["function"], site["verdict"]) == ("main::work", "dropped")
    assert site["count"] == 2


def test_the_program_does_the_same_with_the_shim(shim, programs):
    for name in ("exit", "die", "thread", "fork_exit", "failed"):
        shim.assert_same([PERL, programs / PROGRAM, name])

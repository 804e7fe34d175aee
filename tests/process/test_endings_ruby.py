"""How each connection of a Ruby program ended is told apart, one row an ending.

A row is as in test_endings.py: the program's argument, its exit status (negative: the signal),
the connection's ending and how it came to it, the process's end, and the verdict.
"""
import signal

import pytest

from shim import total
from test_endings import assert_ending, rows

PROGRAM = "endings.rb"
SHUTDOWN = "interpreter shutdown"
CALL = "closed by a call"
COLLECTOR = "cyclic collector"

RUBY_ENDINGS = [
    ("close", 0, "closed", CALL, "exit", "ok"),
    ("ensure", 0, "closed", CALL, "exit", "ok"),
    ("block", 0, "closed", CALL, "exit", "ok"),
    ("collected", 0, "collected", COLLECTOR, "exit", "dropped"),
    ("collected_by_work", 0, "collected", COLLECTOR, "exit", "dropped"),
    ("shutdown", 0, "shutdown", SHUTDOWN, "exit", "held"),
    ("exit", 3, "shutdown", SHUTDOWN, "exit", "held"),
    ("uncaught", 1, "shutdown", SHUTDOWN, "exit", "held"),
    ("abort", 1, "shutdown", SHUTDOWN, "exit", "held"),
    ("at_exit", 0, "shutdown", "exit handler", "exit", "held"),
    # A function in C has no frame of its own.
    ("at_exit_method", 0, "shutdown", SHUTDOWN, "exit", "held"),
    ("opened_at_exit", 0, "closed", CALL, "exit", "ok"),
    # The thread's stack does not tell when it was; that of its transaction does.
    ("threads_at_exit", 0, "closed", CALL, "exit", "ok"),
    ("forgotten_at_exit", 0, "shutdown", SHUTDOWN, "exit", "held"),
    ("thread_ensure", 0, "closed", CALL, "exit", "ok"),
    ("in_transaction", 0, "shutdown", SHUTDOWN, "exit", "stuck"),
    ("exit_bang", 4, "abandoned", "", "_exit", "leak"),
    ("exec", 0, "abandoned", "", "exec", "leak"),
    ("signal", -signal.SIGTERM, "shutdown", SHUTDOWN, "signal", "held"),
    ("kill", -signal.SIGKILL, "abandoned", "", "killed", "leak"),
    ("failed", 0, "closed", "failed connect", "exit", "ok"),
]

POOL_ENDINGS = [
    ("activerecord_disconnect", 0, "closed", CALL, "exit", "ok"),
    ("activerecord_shutdown", 0, "shutdown", SHUTDOWN, "exit", "held"),
    ("activerecord_in_transaction", 0, "shutdown", SHUTDOWN, "exit", "stuck"),
    ("sequel_disconnect", 0, "closed", CALL, "exit", "ok"),
    ("sequel_shutdown", 0, "shutdown", SHUTDOWN, "exit", "held"),
]

LINES = {"block": ("end_block", "PG.connect { |connection| connection.exec(\"select 1\") }"),
         "failed": ("end_failed", "PG.connect(dbname: \"no_such_database\")")}


@rows(RUBY_ENDINGS)
def test_an_ending_in_ruby(name, status, ending, how, ended, verdict, shim, programs):
    site = assert_ending(shim, ["ruby", programs / PROGRAM, name], status, ending, how, ended,
                         verdict)
    function, source = LINES.get(name, ("open_one", "PG.connect"))
    line = site["user_line"]
    assert line["function"] == function
    assert line["source"].startswith(source)


@rows(POOL_ENDINGS)
def test_an_ending_in_a_pool_of_ruby(name, status, ending, how, ended, verdict, shim, programs):
    site = assert_ending(shim, ["ruby", programs / PROGRAM, name], status, ending, how, ended,
                         verdict)
    assert site["user_line"]["function"] in ("open_pooled", "sequel")
    assert site["pools"] == 1


def test_a_child_that_ends_finishes_its_parents_connection(shim, programs):
    result = shim.run_companion(["ruby", programs / PROGRAM, "child_finishes"])
    assert result.output in ("child\nPG::ConnectionBad\n", "child\nPG::UnableToSend\n")
    (misuse,) = result.report["misuse"]
    assert "inherited" in misuse["kind"]
    assert "ends by exit!" in misuse["cure"]
    (line,) = [frame for frame in misuse["stacks"]["misused"]
               if frame["function"] == "end_child_finishes"]
    assert line["is_user"]
    assert (programs / PROGRAM).read_text().splitlines()[line["line"] - 1] == (
        '  Process.wait(fork { puts "child" })')
    assert result.status == 23


@pytest.mark.parametrize("name, how", [("child_opens", SHUTDOWN), ("child_at_exit", CALL)])
def test_a_childs_own_connection_is_not_its_parents(name, how, shim, programs):
    result = shim.run_companion(["ruby", programs / PROGRAM, name])
    assert result.report["misuse"] == []
    opened = [process for process in result.report["processes"] if process["opened"]]
    assert [process["opened"] for process in opened] == [1]
    assert total(result.report, "shutdown") == 1
    (site,) = result.report["sites"]
    assert site["user_line"]["function"] == "open_one"


@pytest.mark.parametrize("program, argument, cure", [
    ("endings.rb", "collected", "give PG.connect a block"),
    ("endings.rb", "exit_bang", "before exit!"),
    ("endings.rb", "in_transaction", "`connection.transaction do ... end`"),
    ("endings.rb", "activerecord_in_transaction", "`transaction do ... end`"),
    ("endings.rb", "activerecord_shutdown", "connection_pool.disconnect!"),
    ("endings.rb", "sequel_shutdown", "DB.disconnect"),
    ("clients/ruby/activerecord_pool.rb", "leaks", "call establish_connection once"),
    ("clients/ruby/sequel_pool.rb", "leaks", "call Sequel.connect once"),
])
def test_the_cure_is_in_rubys_words(program, argument, cure, shim, programs):
    report = shim.run_companion(["ruby", programs / program, argument]).report
    (site,) = report["sites"]
    assert cure in site["cure"]

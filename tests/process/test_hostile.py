"""Hosts and surroundings in which a guest is easily fatal: the program ends as ever."""
import os
import shutil
import signal
import subprocess

import pytest

from shim import total

EXECVP = ["/usr/bin/env", "true"]
FEXECVE = ["/usr/bin/python3", "-c",
           "import os; os.execve(os.open('/bin/true', os.O_RDONLY), ['true'], {})"]


@pytest.fixture(params=["with a companion", "without"])
def library(request, shim, tmp_path):
    if request.param == "with a companion":
        return shim.library
    return shutil.copy(shim.library, tmp_path / "libpqleak.so")


@pytest.mark.parametrize("argv", [EXECVP, FEXECVE], ids=["execvp", "fexecve"])
@pytest.mark.parametrize("switch", ["0", "1"])
def test_a_program_that_only_execs_another_one(argv, switch, shim):
    """The exec calls are the shim's also when it is off."""
    result = shim.run_preloaded(argv, shim.preload() | {"PQLEAK": switch})
    assert result.behaviour() == (0, "", "")


def test_a_standard_error_that_nobody_reads_does_not_kill(library, shim):
    """The companion, or the plain report, would raise SIGPIPE."""
    reading, writing = os.pipe()
    os.close(reading)
    environment = shim.base | {"LD_PRELOAD": str(library)} | shim.options()
    process = subprocess.Popen([shim.program("endings"), "open"], env=environment,
                               stderr=writing, preexec_fn=lambda: signal.signal(
                                   signal.SIGPIPE, signal.SIG_DFL))
    os.close(writing)
    assert process.wait(60) == 0


def test_a_program_that_ignores_its_children_gets_one_report(shim):
    argv = [shim.program("endings"), "open"]
    result = shim.run_preloaded(
        argv, preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    assert result.behaviour() == (0, "", "")
    assert total(result.report, "open") == 1


def enough_for_libpq(shim, program):
    """The smallest stack, in steps of two KiB, that the program itself can do with."""
    for size in range(8 << 10, 64 << 10, 2 << 10):
        if shim.execute([program, size, "signal"]).status == 0:
            return size
    raise AssertionError("the program works with no stack")


@pytest.mark.parametrize("log", ["stderr", "file"])
def test_a_coroutine_has_a_small_stack(log, library, shim, compile_program):
    """The first record, the handler of the report's signal and the plain report."""
    program = compile_program("small_stack.c", "small_stack", "-lpq")
    size = enough_for_libpq(shim, program)
    log = shim.directory / "log" if log == "file" else log
    environment = shim.preload(library, log=log, signal="USR2", format="text")
    result = shim.execute([program, size, "signal"], environment)
    assert (result.status, result.output) == (0, "back\n")


@pytest.mark.parametrize("is_first", [True, False], ids=["pqleak first", "pqleak last"])
def test_another_preloaded_library_wraps_libpq_too(is_first, shim, compile_program):
    """It is called as without the shim, once a call, and so is libpq."""
    wrapper = compile_program("wrapper.c", "wrapper.so", "-shared", "-fPIC", "-ldl")
    argv = [compile_program("small_stack.c", "small_stack", "-lpq"), 1 << 20]
    plain = shim.execute(argv, shim.base | {"LD_PRELOAD": wrapper})
    assert plain.behaviour() == (0, "back\n", "wrapped connect\nwrapped exec\n")
    chain = [str(shim.library), wrapper] if is_first else [wrapper, str(shim.library)]
    result = shim.run_preloaded(argv, shim.preload() | {"LD_PRELOAD": ":".join(chain)})
    assert result.behaviour() == plain.behaviour()
    assert (total(result.report, "opened"), total(result.report, "closed")) == (1, 1)


def test_a_handler_that_forks_in_the_middle_of_our_work(shim, compile_program):
    """POSIX had fork async-signal-safe for decades: the lock is held by the one who forks."""
    program = compile_program("forking_handler.c", "forking_handler", "-lpq")
    result = shim.assert_same([program])
    assert result.output == "done\n"
    assert total(result.report, "closed") == 1


@pytest.fixture
def crowd(compile_program):
    return compile_program("crowd.c", "crowd", "-O0", "-lpq", "-lpthread")


def test_threads_that_connect_first_together_have_whole_stacks(crowd, shim):
    """While one opens the unwinder the others had a stack of one frame, and a site of it."""
    (site,) = shim.run_preloaded([crowd]).report["sites"]
    assert site["count"] == 16
    assert [frame["function"] for frame in site["opened_stack"]][:3] == \
        ["PQconnectdb", "forget", "run"]


@pytest.mark.parametrize("depth", [1, 4, 64, 256])
def test_a_stack_is_as_deep_as_asked_for(depth, crowd, shim):
    """The shim's own frames do not count."""
    (site,) = shim.run_preloaded([crowd, 300], shim.preload(depth=depth)).report["sites"]
    functions = [frame["function"] for frame in site["opened_stack"]]
    assert functions == ["PQconnectdb"] + ["forget"] * depth


def test_a_librarys_constructor_connects_before_ours_has_run(shim, compile_program, tmp_path):
    library = compile_program("early.c", "libearly.so", "-shared", "-fPIC", "-lpq")
    program = compile_program("early.c", "early", "-DPROGRAM", library, "-lpq",
                              f"-Wl,-rpath,{tmp_path}")
    result = shim.assert_same([program])
    assert result.status == 0
    (site,) = result.report["sites"]
    assert (site["verdict"], site["count"]) == ("leak", 1)
    assert site["user_line"]["function"] == "connect_early"


def test_a_forked_child_has_the_reports_signal_from_its_parent(shim):
    """That handler is ours: nobody is told that the program had taken the signal."""
    result = shim.run_preloaded([shim.program("tree")], shim.preload(signal="USR2"))
    assert result.behaviour() == (0, "", "")


VANISH = """
import glob, os, psycopg2
connection = psycopg2.connect('')
for path in glob.glob(os.environ['PQLEAK_DIR'] + '/*.ledger'):
    os.unlink(path)
os._exit(4)
"""


def test_a_ledger_that_somebody_deleted_is_reported_all_the_same(shim):
    result = shim.run_preloaded(["/usr/bin/python3", "-c", VANISH])
    assert result.behaviour() == (4, "", "")
    assert total(result.report, "opened") == 1

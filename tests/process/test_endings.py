"""How each connection ended is told apart: C, C++ and Python, one row an ending.

Each program opens one connection. A row is the program's argument, its exit status
(negative: the signal), the connection's ending and how it came to it ("" where nothing
closed it), the process's end, and the verdict.
"""
import signal
import subprocess

import pytest

from shim import total

C_ENDINGS = [
    ("close", 0, "closed", "closed by a call", "exit", "ok"),
    ("static_destructor", 0, "shutdown", "static destructor", "exit", "held"),
    ("atexit", 0, "shutdown", "exit handler", "exit", "held"),
    ("open", 0, "open", "", "exit", "leak"),
    ("in_transaction", 0, "open", "", "exit", "stuck"),
    ("_exit", 4, "abandoned", "", "_exit", "leak"),
    ("quick_exit", 5, "open", "", "exit", "leak"),
    ("exec", 0, "abandoned", "", "exec", "leak"),
    ("failed_exec", 6, "closed", "closed by a call", "exit", "ok"),
    ("signal", -signal.SIGTERM, "abandoned", "", "signal", "leak"),
    ("abort", -signal.SIGABRT, "abandoned", "", "signal", "leak"),
    ("kill", -signal.SIGKILL, "abandoned", "", "killed", "leak"),
    ("failed_unfinished", 0, "failed_unfinished", "", "exit", "failed"),
    ("failed_finished", 0, "closed", "failed connect", "exit", "ok"),
    ("reset", 0, "closed", "closed by a call", "exit", "ok"),
]

CPP_ENDINGS = [
    ("raii", 0, "closed", "closed by a call", "exit", "ok"),
    ("static", 0, "shutdown", "static destructor", "exit", "held"),
    ("exception", 7, "closed", "closed by a call", "exit", "ok"),
]

PYTHON_ENDINGS = [
    ("close", 0, "closed", "closed by a call", "exit", "ok"),
    ("closing", 0, "closed", "closed by a call", "exit", "ok"),
    ("collected", 0, "collected", "cyclic collector", "exit", "dropped"),
    ("dropped", 0, "collected", "last reference", "exit", "dropped"),
    ("shutdown", 0, "shutdown", "interpreter shutdown", "exit", "held"),
    ("atexit", 0, "shutdown", "exit handler", "exit", "held"),
    ("in_transaction", 0, "shutdown", "interpreter shutdown", "exit", "stuck"),
    ("underscore_exit", 4, "abandoned", "", "_exit", "leak"),
    ("exec", 0, "abandoned", "", "exec", "leak"),
    ("signal", -signal.SIGTERM, "abandoned", "", "signal", "leak"),
    ("kill", -signal.SIGKILL, "abandoned", "", "killed", "leak"),
]

PSYCOPG3_ENDINGS = [
    ("close", 0, "closed", "closed by a call", "exit", "ok"),
    ("with", 0, "closed", "closed by a call", "exit", "ok"),
    ("collected", 0, "collected", "cyclic collector", "exit", "dropped"),
    ("dropped", 0, "collected", "last reference", "exit", "dropped"),
    ("shutdown", 0, "shutdown", "interpreter shutdown", "exit", "held"),
]

FAILING = {"leak", "stuck", "failed", "misuse"}
KEYS = ("name", "status", "ending", "how", "ended", "verdict")


def rows(table):
    return pytest.mark.parametrize(KEYS, table, ids=[row[0] for row in table])


def companion_status(status, verdict):
    """The program's own when it is not 0, as a shell has it for a signal; else the verdict's."""
    if status != 0:
        return status if status > 0 else 128 - status
    return 23 if verdict in FAILING else 0


def assert_ending(shim, argv, status, ending, how, ended, verdict):
    plain = shim.run_plain(argv)
    assert plain.status == status, plain.errors
    result = shim.run_companion(argv)
    assert (result.output, result.errors) == (plain.output, plain.errors)
    report = result.report
    (process,) = report["processes"]
    (site,) = report["sites"]
    endings = {name: count for name, count in site["endings"].items() if count}
    assert (process["opened"], endings, process["ended"]) == (1, {ending: 1}, ended)
    assert [close["how"] for close in site["close_stacks"]] == ([how] if how else [])
    assert site["verdict"] == verdict
    assert result.status == report["exit_status"] == companion_status(status, verdict)
    return site


@rows(C_ENDINGS)
def test_an_ending_in_c(name, status, ending, how, ended, verdict, shim):
    site = assert_ending(shim, [shim.program("endings"), name], status, ending, how, ended,
                         verdict)
    assert site["user_line"]["function"] == "open_one"
    if name.startswith("failed_"):
        if name != "failed_exec":
            assert site["connections"][0]["sqlstate"] == "3D000"


@pytest.fixture
def stripped(shim, tmp_path):
    """The program in C, without the names of its functions."""
    program = tmp_path / "endings"
    subprocess.run(["strip", "-o", program, shim.program("endings")], check=True)
    return program


def test_a_line_without_a_name_is_left_out_of_the_sentence(stripped, shim):
    (site,) = shim.run_companion([stripped, "in_transaction"]).report["sites"]
    assert site["diagnosis"] == "in a transaction that nothing ended"


@pytest.mark.parametrize("is_stripped", [False, True], ids=["with_names", "stripped"])
def test_what_the_programs_exit_handler_closes_is_held(is_stripped, shim, stripped):
    """Three of one line, each of which the handler finishes: nothing was forgotten."""
    program = stripped if is_stripped else shim.program("endings")
    report = shim.run_companion([program, "some_atexit"]).report
    (site,) = report["sites"]
    assert (site["endings"]["shutdown"], site["close_stacks"][0]["how"]) == (3, "exit handler")
    assert (site["verdict"], report["exit_status"]) == ("held", 0)


@rows(CPP_ENDINGS)
def test_an_ending_in_cpp(name, status, ending, how, ended, verdict, shim):
    assert_ending(shim, [shim.program("endings_cpp"), name], status, ending, how, ended,
                  verdict)


@rows(PYTHON_ENDINGS)
def test_an_ending_in_python(name, status, ending, how, ended, verdict, shim, python, programs):
    site = assert_ending(shim, [python, programs / "endings.py", name], status, ending, how,
                         ended, verdict)
    line = site["user_line"]
    assert (line["function"], line["source"]) == ("open_one", 'return psycopg2.connect("")')


@pytest.mark.parametrize("implementation", ["binary", "python"])
@rows(PSYCOPG3_ENDINGS)
def test_an_ending_in_psycopg_3(name, status, ending, how, ended, verdict, implementation, shim,
                                programs, clients):
    """Without its C part PQfinish is called through ctypes, by the driver's own __del__."""
    python = clients / "sqlalchemy-2.0.38" / "bin" / "python"
    argv = [python, programs / "endings_psycopg3.py", name]
    shim.base["PSYCOPG_IMPL"] = implementation
    if implementation == "python" and how == "last reference":
        how = "finaliser"
    assert_ending(shim, argv, status, ending, how, ended, verdict)


def test_a_failed_connect_in_python_is_finished_by_the_driver(shim, python, programs):
    result = shim.run_companion([python, programs / "endings.py", "failed"])
    report = result.report
    assert (result.output, result.status) == ("OperationalError\n", 0)
    assert (total(report, "opened"), total(report, "failed")) == (1, 1)
    (site,) = report["sites"]
    assert site["endings"]["failed_unfinished"] == 0
    assert site["connections"][0]["sqlstate"] == "3D000"


def test_a_multiprocessing_child_abandons_its_connection(shim, python, programs):
    result = shim.run_companion([python, programs / "endings.py", "multiprocessing"])
    assert result.output == "child 0\n"
    report = result.report
    opened = [process for process in report["processes"] if process["opened"]]
    assert [(process["ended"], process["abandoned"]) for process in opened] == [("_exit", 1)]
    (site,) = report["sites"]
    assert (site["verdict"], site["endings"]["abandoned"]) == ("leak", 1)
    assert site["user_line"]["function"] == "open_one"
    assert result.status == 23


def test_a_connection_that_a_child_finishes_is_misuse_in_the_child(shim):
    result = shim.run_companion([shim.program("inherited_finish")])
    (misuse,) = result.report["misuse"]
    assert "inherited" in misuse["kind"]
    assert result.status == 23


def test_a_ping_opens_nothing_that_a_report_could_name(shim):
    result = shim.run_companion([shim.program("endings"), "ping"])
    assert result.status == 0
    assert all(total(report, "opened") == 0 for report in result.reports)


@pytest.mark.parametrize("name", [row[0] for row in C_ENDINGS if row[0] != "exec"])
def test_a_preloaded_program_ends_as_without_the_shim(name, shim):
    argv = [shim.program("endings"), name]
    plain = shim.run_plain(argv)
    preloaded = shim.run_preloaded(argv)
    assert preloaded.behaviour() == plain.behaviour()
    assert len(preloaded.reports) == (name not in ("signal", "abort", "kill"))


@pytest.mark.parametrize("name", ["signal", "kill", "abort"])
def test_a_killed_program_leaves_its_ledger_for_a_report(name, shim):
    result = shim.run_preloaded([shim.program("endings"), name])
    assert result.reports == []
    report = shim.report_of("--pid", str(result.pid)).report
    (process,) = report["processes"]
    assert (process["pid"], process["ended"], process["abandoned"]) == (result.pid, "killed", 1)


def assert_brief_text_is_the_same(shim, argv, tmp_path):
    """A pattern may be for any frame's file: with one, libc's debug information is read, too."""
    pid = shim.execute(argv, shim.preload(collect=1, format="text")).pid
    suppressions = tmp_path / "suppressions"
    suppressions.write_text("leak:nothing-of-this-name\n")
    brief, whole = (shim.execute([shim.companion, "report", "--pid", str(pid), *more],
                                 shim.base | shim.options()).output
                    for more in ([], [f"--suppressions={suppressions}"]))
    assert "1 connection" in brief
    assert brief == whole


@pytest.mark.parametrize("program, name", [
    (program, row[0]) for program, table in (("endings", C_ENDINGS), ("endings_cpp", CPP_ENDINGS))
    for row in table if row[5] != "ok"])
def test_libcs_lines_change_nothing_in_the_text_on_c(program, name, shim, tmp_path):
    assert_brief_text_is_the_same(shim, [shim.program(program), name], tmp_path)


@pytest.mark.parametrize("name", [row[0] for row in PYTHON_ENDINGS if row[5] != "ok"])
def test_libcs_lines_change_nothing_in_the_text_on_python(name, shim, python, programs, tmp_path):
    assert_brief_text_is_the_same(shim, [python, programs / "endings.py", name], tmp_path)


def test_an_exit_code_of_its_own_is_used_when_the_report_fails(shim):
    environment = shim.preload(exitcode=42)
    assert shim.run_preloaded([shim.program("endings"), "open"], environment).status == 42
    assert shim.run_preloaded([shim.program("endings"), "close"], environment).status == 0
    assert shim.run_preloaded([shim.program("endings"), "none"], environment).status == 3


def test_verdicts_that_do_not_fail_leave_the_status(shim):
    program = [shim.program("endings"), "open"]
    assert shim.run_companion(program, "--fail-on=none").status == 0
    assert shim.run_companion(program, "--fail-on=stuck,failed").status == 0
    assert shim.run_companion(program, "--fail-on=leak").status == 23
    assert shim.run_companion([shim.program("endings"), "atexit"], "--fail-on=held").status == 23


def test_a_suppressed_site_does_not_fail(shim, tmp_path):
    suppressions = tmp_path / "suppressions"
    suppressions.write_text("# known\nleak:open_one\n")
    program = [shim.program("endings"), "open"]
    assert shim.run_companion(program, f"--suppressions={suppressions}").status == 0
    suppressions.write_text("leak:some_other_function\n")
    assert shim.run_companion(program, f"--suppressions={suppressions}").status == 23

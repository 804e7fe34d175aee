"""What libpq hands out and nobody gives back is told by its line; what is given back, or is not
the program's, is not. PQLEAK_TRACK=results."""
import subprocess

import pytest

from conftest import CLIENTS, DEBIAN_BINARIES, PYTHONS
from shim import has_failure
from test_majors import exported_calls, wrapped_calls

TRACK = "connections,uses,transactions,results"
PYTHON_DRIVERS = CLIENTS / "python-drivers" / "bin" / "python"

# The program's mode, what its function makes, how many, and how many of them it leaves.
ROWS = [
    ("query", "PGresult", 100, 20),
    ("several", "PGresult", 100, 20),
    ("prepared", "PGresult", 100, 20),
    ("async", "PGresult", 200, 40),
    ("single_row", "PGresult", 1100, 220),
    ("copy", "PGresult", 100, 20),
    ("pipeline", "PGresult", 200, 40),
    ("copied", "PGresult", 100, 20),
    ("cancel", "PGcancel", 100, 20),
    ("conninfo", "conninfo", 100, 20),
    ("survivors", "PGresult", 20, 4),
]
GIVEN_BACK = {"PGresult": "PQclear", "PGcancel": "PQfreeCancel", "conninfo": "PQconninfoFree",
              "PGcancelConn": "PQcancelFinish"}


@pytest.fixture
def tracking(shim):
    """Runs a program with results tracked; it behaves as without us."""

    def run(argv, **environment):
        shim.base.update(environment)
        return shim.assert_same(argv, lambda argv: shim.run_preloaded(
            argv, shim.preload(track=TRACK)))

    return run


def row_of(report, function):
    """The one with the most of what a function made."""
    rows = [row for row in report["results"] if row["user_line"]["function"] == function]
    assert rows, f"{function}: {[row['user_line'] for row in report['results']]}"
    return max(rows, key=lambda row: (row["open"], row["made"]))


def leaks(report):
    return [row for row in report["results"] if row["verdict"] == "leak"]


@pytest.mark.parametrize("mode, kind, made, left", ROWS, ids=[row[0] for row in ROWS])
def test_what_a_path_leaves_is_a_leak_of_its_line(mode, kind, made, left, tracking, shim):
    result = tracking([shim.program("results"), mode, "leak"])
    (row,) = leaks(result.report)
    assert (row["user_line"]["function"], row["kind"]) == (mode, kind)
    assert (row["made"], row["freed"], row["open"]) == (made, made - left, left)
    assert left <= row["peak"] <= left + 2
    assert row["user_line"]["line"] and row["user_line"]["source"]
    assert row["pid"] == result.pid
    assert GIVEN_BACK[kind] in row["cure"]
    assert result.report["is_failing"]


@pytest.mark.parametrize("mode, kind, made, left", ROWS, ids=[row[0] for row in ROWS])
def test_what_is_given_back_is_not_accused(mode, kind, made, left, tracking, shim):
    result = tracking([shim.program("results"), mode, "clean"])
    row = row_of(result.report, mode)
    assert (row["verdict"], row["kind"]) == ("ok", kind)
    assert (row["made"], row["freed"], row["open"]) == (made, made, 0)
    assert {row["verdict"] for row in result.report["results"]} == {"ok"}
    assert not result.report["is_failing"]


@pytest.mark.parametrize("how, open_count, cause", [("clean", 2, "few"), ("leak", 10, "no more")])
def test_what_is_kept_and_does_not_grow_is_held(how, open_count, cause, tracking, shim):
    result = tracking([shim.program("results"), "last", how])
    row = row_of(result.report, "last")
    assert (row["verdict"], row["made"], row["open"]) == ("held", 100, open_count)
    assert cause in row["diagnosis"]
    assert not result.report["is_failing"]


@pytest.mark.parametrize("how, left", [("clean", 0), ("leak", 4)])
def test_a_forked_child_has_a_copy_that_is_not_its_parents(how, left, tracking, shim):
    """Half of the children clear theirs, before or after they have made one of their own."""
    shim.base.update(PQLEAK_TRACK=TRACK)
    result = shim.run_companion([shim.program("results"), "forked", how])
    report = result.report
    assert len(report["processes"]) == 21
    (parent,) = [row for row in report["results"] if row["pid"] == report["processes"][0]["pid"]
                 and row["user_line"]["function"] == "forked"]
    assert (parent["made"], parent["open"]) == (20, left)
    children = [row for row in report["results"] if row["pid"] != parent["pid"]]
    assert [(row["made"], row["freed"]) for row in children] == [(1, 1)] * 20


@pytest.mark.parametrize("how", ["clean", "leak"])
def test_libpqs_answer_to_a_lack_of_memory_is_nobodys(how, tracking, shim):
    """It is static (libpq 15 and newer): PQclear leaves it alone."""
    result = tracking([shim.program("results"), "out_of_memory", how])
    assert result.report["results"] == []


@pytest.mark.parametrize("how, made, lost", [("clean", 2000, 0), ("leak", 1024, 976)])
def test_what_cannot_be_remembered_is_said_to_be_lost(how, made, lost, shim):
    """One for 256 bytes of PQLEAK_LEDGER_MAX is remembered at once."""
    result = shim.run_preloaded([shim.program("results"), "hoard", how],
                                shim.preload(track=TRACK, ledger_max="256K"))
    assert row_of(result.report, "hoard")["made"] == made
    assert result.report["processes"][0]["lost_records"] == lost


def test_nothing_is_recorded_unless_it_is_asked_for(shim):
    result = shim.run_preloaded([shim.program("results"), "query", "leak"])
    assert result.report["results"] == []
    assert not result.report["is_failing"]


@pytest.mark.parametrize("driver, mode", [
    ("psycopg2", "clean"), ("psycopg2", "keep"), ("ctypes", "clean"),
])
def test_python_is_not_accused(driver, mode, tracking, shim, programs):
    """Cursors that are alive at the end go with the interpreter."""
    result = tracking([PYTHONS["debian"], programs / "results_drivers.py", driver, mode])
    assert {row["verdict"] for row in result.report["results"]} == {"ok"}
    assert sum(row["made"] for row in result.report["results"]) >= 60
    assert not has_failure(result.report)


@pytest.mark.parametrize("implementation", ["c", "python", "binary"])
@pytest.mark.parametrize("mode", ["clean", "keep"])
def test_psycopg_3_is_not_accused(implementation, mode, tracking, programs):
    assert PYTHON_DRIVERS.exists(), f"{PYTHON_DRIVERS} is missing: scripts/setup makes it"
    result = tracking([PYTHON_DRIVERS, programs / "results_drivers.py", "psycopg", mode],
                      PSYCOPG_IMPL=implementation)
    assert {row["verdict"] for row in result.report["results"]} <= {"ok", "held"}
    assert sum(row["made"] for row in result.report["results"]) >= 60
    assert not has_failure(result.report)


def test_python_that_calls_libpq_itself_is_told_its_line(tracking, shim, programs):
    result = tracking([PYTHONS["debian"], programs / "results_drivers.py", "ctypes", "leak"])
    (row,) = leaks(result.report)
    assert row["user_line"]["function"] == "call_libpq"
    assert (row["kind"], row["made"], row["open"]) == ("PGresult", 120, 120)


PSQL = r"""
select 1; select 2;
select from nowhere;
\errverbose
\d
select 1 as a \gset
select 3 \gdesc
\copy (select 1) to stdout
copy (select 2) to stdout;
create temporary table t (a integer);
copy t from stdin;
1
\.
begin;
select 1 / 0;
rollback;
\set FETCH_COUNT 2
select generate_series(1, 10);
"""


def test_psql_leaves_no_more_than_its_last_error(shim):
    """It keeps that for \\errverbose; all else it clears, and the report of that is silence."""
    argv = [DEBIAN_BINARIES / "psql", "-X", "-q", "-f", "-"]
    plain = shim.run_plain(argv, stdin=PSQL)
    result = shim.run_preloaded(argv, shim.preload(track=TRACK), stdin=PSQL)
    assert result.behaviour() == plain.behaviour()
    rows = result.report["results"]
    assert sum(row["made"] for row in rows) > 20
    assert sum(row["open"] for row in rows) == 1
    assert {row["verdict"] for row in rows} == {"ok", "held"}
    environment = shim.preload(track=TRACK, log="stderr", format="text")
    silent = shim.run_preloaded(argv, environment, stdin=PSQL)
    assert silent.behaviour() == plain.behaviour()


@pytest.mark.parametrize("arguments", [
    ["-S", "-t", "200"], ["-N", "-M", "prepared", "-c", "4", "-j", "2", "-t", "50"],
    ["-S", "-C", "-t", "20"], ["-M", "extended", "-t", "100", "-f", "pipeline"],
], ids=["select", "prepared", "reconnecting", "pipelined"])
def test_pgbench_gives_all_back(arguments, shim, tmp_path):
    pgbench = DEBIAN_BINARIES / "pgbench"
    script = tmp_path / "pipeline"
    script.write_text("\\startpipeline\nselect 1;\nselect 2;\n\\endpipeline\n")
    subprocess.run([pgbench, "-i", "-q"], env=shim.base, check=True, stderr=subprocess.DEVNULL)
    arguments = [str(script) if word == "pipeline" else word for word in arguments]
    result = shim.run_preloaded([pgbench, "-n", *arguments], shim.preload(track=TRACK))
    assert result.status == 0, result.errors
    assert {row["verdict"] for row in result.report["results"]} == {"ok"}
    assert sum(row["made"] for row in result.report["results"]) > 20


class TestMajors:
    """libpq 12 to 18, each with its own server."""

    @pytest.fixture
    def server(self, major):
        return major.server

    @pytest.fixture
    def shim(self, shim, major):
        shim.base["LD_LIBRARY_PATH"] = str(major.libraries)
        return shim

    def test_every_call_that_hands_out_is_known_and_given_back(self, shim, major):
        result = shim.run_preloaded([shim.program("every_call/every_call")],
                                    shim.preload(track=TRACK))
        assert result.status == 0, result.errors
        rows = result.report["results"]
        assert {row["verdict"] for row in rows} == {"ok"}
        assert {row["stack"][0]["function"] for row in rows} == handed_out_by(major.libpq)

    def test_what_is_left_is_told(self, shim, major):
        modes = [(mode, made, left) for mode, _, made, left in ROWS
                 if mode != "pipeline" or major.number >= 14]
        if major.number >= 17:
            modes.append(("cancel_conn", 100, 20))
        script = 'program=$1; shift; for mode; do "$program" "$mode" leak; done'
        argv = ["sh", "-c", script, "sh", shim.program("results"), *(row[0] for row in modes)]
        shim.base.update(PQLEAK_TRACK=TRACK)
        report = shim.run_companion(argv).report
        told = {(row["user_line"]["function"], row["made"], row["open"]) for row in leaks(report)}
        assert told == set(modes)

    def test_a_lack_of_memory_leaves_nothing(self, shim):
        result = shim.run_preloaded([shim.program("results"), "out_of_memory", "leak"],
                                    shim.preload(track=TRACK))
        assert result.status == 0, result.errors
        assert result.report["results"] == []


def handed_out_by(libpq):
    """By their types, as the wrappers know them."""
    table = {name for name, kind in wrapped_calls().items() if kind in ("HAND_OUT", "DERIVE")}
    answers = {"PQexec", "PQexecParams", "PQprepare", "PQexecPrepared", "PQdescribePrepared",
               "PQdescribePortal", "PQclosePrepared", "PQclosePortal", "PQfn", "PQgetResult",
               "PQmakeEmptyPGresult", "PQchangePassword"}
    return (table | answers) & exported_calls(libpq)

"""What programs do all day is no finding: pgbench in all its modes, pipelines, COPY, and a mixed
load of threads, pools and processes. Their output and status are what they are without the
shim, and the ledger counts the connections that they make.
"""
import re
import subprocess

import pytest

from conftest import DEBIAN_BINARIES
from ledger import open_ledger
from shim import has_failure, total

CLIENTS, TRANSACTIONS = 4, 50
PGBENCH = [DEBIAN_BINARIES / "pgbench", "-n", "-c", str(CLIENTS), "-j", "2", "-t",
           str(TRANSACTIONS)]
SCRIPTS = {"select": ["-S"], "simple-update": ["-N"], "tpcb": []}
PIPELINES = {
    "pipeline": "\\startpipeline\nbegin;\nselect 1;\nselect abalance from pgbench_accounts"
                " where aid = 1;\nend;\n\\endpipeline\n",
    "two-pipelines": "\\startpipeline\nselect 1;\nselect 2;\n\\endpipeline\n"
                     "\\startpipeline\nselect 3;\n\\endpipeline\nselect 4;\n",
}
TIMES = re.compile(r"[0-9.]+(?= ms)|(?<=tps = )[0-9.]+")


@pytest.fixture
def filled(shim):
    subprocess.run([DEBIAN_BINARIES / "pgbench", "-i", "-q", "-I", "dtgvp", "-s", "1"],
                   env=shim.base, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return shim


def assert_no_finding(report):
    assert not has_failure(report)
    assert {site["verdict"] for site in report["sites"]} <= {"ok"}
    assert total(report, "closed") == total(report, "opened")
    assert total(report, "lost_records") + total(report, "torn_records") == 0


def assert_legal(shim, argv, with_shim=None):
    """Nothing is found, and nothing but the times is another; returns the report."""
    plain = shim.run_plain(argv)
    result = (with_shim or shim.run_preloaded)(argv)
    assert (result.status, TIMES.sub("#", result.output), TIMES.sub("#", result.errors)) == (
        plain.status, TIMES.sub("#", plain.output), TIMES.sub("#", plain.errors))
    assert plain.status == 0, plain.errors
    assert_no_finding(result.report)
    return result.report


def assert_counted(report, is_connecting):
    """pgbench looks at its tables by one connection of its own; then a client has one for
    all its transactions, or with -C one for each."""
    clients = CLIENTS * (TRANSACTIONS if is_connecting else 1)
    assert total(report, "opened") == 1 + clients
    assert total(report, "peak_open") <= CLIENTS


@pytest.mark.parametrize("is_connecting", [False, True], ids=["kept", "reconnecting"])
@pytest.mark.parametrize("protocol", ["simple", "extended", "prepared"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_pgbench_has_nothing_reported(script, protocol, is_connecting, filled):
    argv = [*PGBENCH, "-M", protocol, *SCRIPTS[script], *(["-C"] if is_connecting else [])]
    report = assert_legal(filled, argv)
    assert_counted(report, is_connecting)


@pytest.mark.parametrize("is_connecting", [False, True], ids=["kept", "reconnecting"])
@pytest.mark.parametrize("protocol", ["simple", "extended", "prepared"])
@pytest.mark.parametrize("script, each", [("tpcb", 1), ("select", 0)])
def test_each_transaction_of_pgbench_is_counted_once(script, each, protocol, is_connecting,
                                                     filled):
    """A command on its own is none of the program's."""
    argv = [*PGBENCH, "-M", protocol, *SCRIPTS[script], *(["-C"] if is_connecting else [])]
    result = filled.run_preloaded(argv, filled.preload(keep=1))
    assert result.status == 0
    ledger = open_ledger(filled.ledgers, result.pid)
    counts = [site.transactions for site, _ in ledger.records("ledger_site")]
    ledger.close()
    assert sum(counts) == each * CLIENTS * TRANSACTIONS


@pytest.mark.parametrize("is_connecting", [False, True], ids=["kept", "reconnecting"])
@pytest.mark.parametrize("protocol", ["extended", "prepared"])
@pytest.mark.parametrize("script", PIPELINES)
def test_a_pipelined_script_has_nothing_reported(script, protocol, is_connecting, filled,
                                                 tmp_path):
    path = tmp_path / f"{script}.sql"
    path.write_text(PIPELINES[script])
    argv = [*PGBENCH, "-M", protocol, "-f", path, *(["-C"] if is_connecting else [])]
    report = assert_legal(filled, argv, filled.run_companion)
    assert_counted(report, is_connecting)


def test_pgbench_fills_its_tables_by_copy(shim):
    argv = [DEBIAN_BINARIES / "pgbench", "-i", "-q", "-I", "dtgvp", "-s", "1"]
    plain, result = shim.run_plain(argv), shim.run_preloaded(argv)
    assert (result.status, result.output) == (plain.status, plain.output) == (0, "")
    assert_no_finding(result.report)
    assert total(result.report, "opened") == 1


def test_psql_copies_both_ways(filled, tmp_path):
    words = ["create temp table c as select * from pgbench_accounts where false",
             f"\\copy pgbench_accounts to '{tmp_path / 'rows'}'",
             f"\\copy c from '{tmp_path / 'rows'}'", "\\copy (select 1) to stdout",
             "select count(*) from c"]
    argv = [DEBIAN_BINARIES / "psql", "-X", *(part for word in words for part in ("-c", word))]
    report = assert_legal(filled, argv)
    assert total(report, "opened") == 1


COPIES = """
import io, psycopg2
for turn in range(5):
    connection = psycopg2.connect("")
    cursor = connection.cursor()
    cursor.execute("create temp table c (a int, b text)")
    cursor.copy_expert("copy c from stdin", io.StringIO("1\\tone\\n2\\ttwo\\n" * 500))
    cursor.copy_from(io.StringIO("3\\tthree\\n"), "c", columns=("a", "b"))
    out = io.StringIO()
    cursor.copy_expert("copy c to stdout", out)
    cursor.copy_to(out, "c")
    try:
        cursor.copy_expert("copy c from stdin", io.StringIO("not a number\\n"))
    except psycopg2.Error as error:
        print(error.pgcode)
    connection.rollback()
    connection.close()
    print(len(out.getvalue()))
"""
COPIES_3 = """
import psycopg
for turn in range(5):
    with psycopg.connect("") as connection, connection.cursor() as cursor:
        cursor.execute("create temp table c (a int, b text)")
        with cursor.copy("copy c (a, b) from stdin") as copy:
            for row in range(500):
                copy.write_row((row, "text"))
        with cursor.copy("copy c to stdout") as copy:
            print(sum(len(block) for block in copy))
        try:
            with cursor.copy("copy c from stdin") as copy:
                copy.write("not a number\\n")
        except psycopg.Error as error:
            print(error.sqlstate)
        connection.rollback()
        with connection.pipeline():
            for value in range(20):
                cursor.execute("select %s::int", (value,))
        print(cursor.fetchone())
"""


@pytest.mark.parametrize("source", [COPIES, COPIES_3], ids=["psycopg2", "psycopg-3"])
def test_python_copies_both_ways(source, shim, clients):
    python = clients / "sqlalchemy-2.0.38" / "bin" / "python"
    report = assert_legal(shim, [python, "-c", source])
    assert total(report, "opened") == 5


COLLECTING = """
import gc, sys, threading, time

driver = __import__(sys.argv[1])

class Slow:
    def __del__(self):
        time.sleep(0.001)

def collect():
    while not is_over:
        for _ in range(20):
            slow = Slow()
            slow.cycle = slow
        gc.collect()

is_over = False
thread = threading.Thread(target=collect)
thread.start()
for _ in range(30):
    driver.connect("").close()
is_over = True
thread.join()
"""


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_what_is_closed_while_another_thread_collects_was_closed(driver, shim, clients):
    """The collector runs finalisers, which let other threads run."""
    python = clients / "sqlalchemy-2.0.38" / "bin" / "python"
    report = assert_legal(shim, [python, "-c", COLLECTING, driver])
    assert total(report, "opened") == 30


def test_a_mixed_load_has_nothing_reported(filled, programs, clients):
    """Threads over a SQLAlchemy pool, threads with psycopg 3, and pgbench beside them."""
    python = clients / "sqlalchemy-2.0.38" / "bin" / "python"
    argv = [python, programs / "mixed_load.py", "--rounds=6", f"--pgbench={PGBENCH[0]}"]
    report = assert_legal(filled, argv, filled.run_companion)
    commands = [process["command"].split()[0] for process in report["processes"]]
    assert commands.count("pgbench") == 2 * 6 and len(commands) == 13

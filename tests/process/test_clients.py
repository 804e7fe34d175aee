"""PostgreSQL's own clients: their output is unchanged, and nothing is wrong with them."""
import re
import subprocess

import pytest

from conftest import DEBIAN_BINARIES
from shim import total

CLIENTS = {
    "psql": [DEBIAN_BINARIES / "psql", "-c", "select 1"],
    "psql by Debian's wrapper": ["psql", "-c", "select 1"],
    "pg_dump": [DEBIAN_BINARIES / "pg_dump", "--schema-only"],
    "pg_isready": [DEBIAN_BINARIES / "pg_isready"],
    "pgbench": [DEBIAN_BINARIES / "pgbench", "-C", "-n", "-S", "-c", "4", "-j", "2", "-t", "10"],
    "vacuumdb": [DEBIAN_BINARIES / "vacuumdb", "--analyze-only", "-j", "2"],
}
# Times, and the random key that pg_dump writes into its output, differ in each run.
VARIABLE = re.compile(r"\d+\.\d+|(?<=restrict )\w+")


def without_variable(text):
    return VARIABLE.sub("0", text)


def assert_nothing_wrong(result):
    for report in result.reports:
        assert total(report, "opened") == total(report, "closed")
        assert {site["verdict"] for site in report["sites"]} <= {"ok"}
        assert report["misuse"] == []
    assert result.status == 0


@pytest.fixture
def filled(shim):
    subprocess.run([DEBIAN_BINARIES / "pgbench", "-i", "-q", "-s", "1"], env=shim.base, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_works_unchanged_and_nothing_is_wrong(client, shim, filled):
    argv = CLIENTS[client]
    plain = shim.run_plain(argv)
    assert plain.status == 0, plain.errors
    preloaded = shim.run_preloaded(argv)
    under_run = shim.run_companion(argv)
    for result in (preloaded, under_run):
        assert without_variable(result.output) == without_variable(plain.output)
        assert without_variable(result.errors) == without_variable(plain.errors)
        assert_nothing_wrong(result)
    (report,) = under_run.reports
    if client == "pg_isready":
        assert total(report, "opened") == 0, "PQping opens nothing that the program holds"
    else:
        assert total(report, "opened") == total(preloaded.report, "opened") > 0


def test_pgbench_opens_one_connection_a_transaction(shim, filled):
    report = shim.run_companion(CLIENTS["pgbench"]).report
    assert total(report, "opened") >= 40
    assert total(report, "peak_open") <= 5


def test_createdb_makes_its_database(shim, server):
    def run(name):
        return shim.run_preloaded([DEBIAN_BINARIES / "createdb", name])

    names = [f"{shim.base['PGDATABASE']}_made", f"{shim.base['PGDATABASE']}_again"]
    plain = shim.run_plain([DEBIAN_BINARIES / "createdb", names[0]])
    preloaded = run(names[1])
    assert preloaded.behaviour() == plain.behaviour() == (0, "", "")
    assert_nothing_wrong(preloaded)
    assert len(preloaded.reports) == 1
    made = server.query("select datname from pg_database where datname = any(%s)", (names,))
    assert sorted(name for (name,) in made) == sorted(names)
    again = run(names[1])
    assert again.status == 1 and "already exists" in again.errors
    for name in names:
        server.query(f"drop database {name}")


def test_nothing_wrong_is_one_line_when_asked_for(shim):
    argv = [DEBIAN_BINARIES / "psql", "-At", "-c", "select 1"]
    result = shim.execute([shim.companion, "run", "--verbose=1", "--", *argv],
                          shim.base | shim.options())
    assert result.output == "1\n"
    assert re.fullmatch(r"pqleak: [^\n]*nothing wrong[^\n]*\n", result.errors), result.errors

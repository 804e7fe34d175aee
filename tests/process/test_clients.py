"""PostgreSQL's own clients: their output is unchanged, and what is said of them is true."""
import itertools
import re
import subprocess

import pytest

from clients import stock
from conftest import DEBIAN_BINARIES
from shim import sites_with, total

# Times, and the random key that pg_dump writes into its output, differ in each run.
VARIABLE = re.compile(r"\d+\.\d+|(?<=restrict )\w+")
CLIENTS = {client.name: client for client in stock.CLIENTS}
CLEAN = [name for name, client in CLIENTS.items() if not client.finding]


def without_variable(text):
    return VARIABLE.sub("0", text)


def behaviour(result):
    return result.status, without_variable(result.output), without_variable(result.errors)


def assert_nothing_wrong(result):
    for report in result.reports:
        assert total(report, "opened") == total(report, "closed")
        assert {site["verdict"] for site in report["sites"]} <= {"ok"}
        assert report["misuse"] == []
    assert result.status == 0


def opened(result):
    return sum(total(report, "opened") for report in result.reports)


@pytest.fixture
def filled(shim):
    subprocess.run([DEBIAN_BINARIES / "pgbench", "-i", "-q", "-s", "1"], env=shim.base, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def argv(shim, server, tmp_path):
    """The command of a client; what it makes, it makes anew each time it is called."""
    counter = itertools.count()
    names = []

    def fill(name):
        scratch = tmp_path / f"scratch-{next(counter)}"
        scratch.mkdir()
        names.append(f"{shim.base['PGDATABASE']}_{scratch.name}")
        return [word.format(scratch=scratch, name=names[-1]) for word in CLIENTS[name].command]

    yield fill
    for name in names:
        server.query(f'drop database if exists "{name}"')


@pytest.mark.parametrize("client", CLEAN)
def test_a_client_works_unchanged_and_nothing_is_wrong(client, shim, filled, argv):
    plain = shim.run_plain(argv(client))
    assert plain.status == 0, plain.errors
    preloaded = shim.run_preloaded(argv(client))
    under_run = shim.run_companion(argv(client))
    for result in (preloaded, under_run):
        assert behaviour(result) == behaviour(plain)
        assert_nothing_wrong(result)
    if client == "pg_isready":
        assert opened(under_run) == 0, "PQping opens nothing that the program holds"
    else:
        assert opened(under_run) == opened(preloaded) > 0


def test_pgbench_opens_one_connection_a_transaction(shim, filled, argv):
    report = shim.run_companion(argv("pgbench")).report
    assert total(report, "opened") >= 40
    assert total(report, "peak_open") <= 5


def test_createdb_makes_its_database_and_says_when_it_is_there(shim, server, argv):
    made = argv("createdb")
    assert shim.run_preloaded(made).behaviour() == (0, "", "")
    assert server.query("select 1 from pg_database where datname = %s", (made[-1],)) == [(1,)]
    again = shim.run_preloaded(made)
    assert again.status == 1 and "already exists" in again.errors


def test_what_psql_cannot_finish_is_open_at_its_end(shim, argv):
    plain = shim.run_plain(argv("psql, cut off by the server"))
    result = shim.run_companion(argv("psql, cut off by the server"))
    assert behaviour(result) == behaviour(plain)
    (leak,) = result.report["sites"]
    assert (leak["verdict"], leak["endings"]["open"]) == ("leak", 1)


def test_vacuumdb_never_finishes_a_failed_connection(shim, argv):
    plain = shim.run_plain(argv("vacuumdb, no such database"))
    result = shim.run_companion(argv("vacuumdb, no such database"))
    assert behaviour(result) == behaviour(plain)
    assert result.status == 1
    (site,) = sites_with(result.report, "failed")
    assert (site["count"], site["endings"]["failed_unfinished"]) == (1, 1)
    assert site["connections"][0]["sqlstate"] == "3D000"


def test_pg_basebackup_hands_one_connection_to_its_child_and_loses_the_other(shim, argv):
    """The child streams WAL through a connection made for it, and finishes that one for good. Its
    exit handler, inherited, finishes the parent's own."""
    name = "pg_basebackup, streaming WAL"
    plain = shim.run_plain(argv(name))
    assert plain.status == 0, plain.errors
    result = shim.run_companion(argv(name))
    assert (result.output, result.errors) == (plain.output, plain.errors)
    report = result.report
    assert (total(report, "opened"), total(report, "closed")) == (2, 2)
    assert {site["verdict"] for site in report["sites"]} == {"ok"}
    (handed_over,) = [site for site in report["sites"] if site["endings"]["child_finish"]]
    assert [close["how"] for close in handed_over["close_stacks"]] == ["forked child"]
    (misuse,) = report["misuse"]
    assert misuse["kind"] == "inherited finish"
    own, = [site for site in report["sites"] if site is not handed_over]
    assert misuse["connection"]["backend_pid"] == own["connections"][0]["backend_pid"]


def test_nothing_wrong_is_one_line_when_asked_for(shim):
    argv = [DEBIAN_BINARIES / "psql", "-At", "-c", "select 1"]
    result = shim.execute([shim.companion, "run", "--verbose=1", "--", *argv],
                          shim.base | shim.options())
    assert result.output == "1\n"
    assert re.fullmatch(r"pqleak: [^\n]*nothing wrong[^\n]*\n", result.errors), result.errors

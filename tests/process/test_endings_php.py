"""How each connection ended is told apart: PHP, one row an ending, and servers of many requests.

The rows are those of test_endings.py; the program is tests/programs/endings.php.
"""
import pathlib
import re
import signal
import subprocess
import urllib.request

import pytest

from oracle import assert_backends_agree
from server import free_port
from shim import sites_with, total
from test_endings import assert_ending, rows

PHP = "/usr/bin/php"
BY_CALL = ("closed", "closed by a call", "exit", "ok")
BY_REFERENCE = ("collected", "last reference", "exit", "dropped")
BY_REQUEST = ("shutdown", "request shutdown", "exit", "held")
BY_PROCESS = ("shutdown", "interpreter shutdown", "exit", "held")

PHP_ENDINGS = [
    ("close", 0, *BY_CALL),
    ("null", 0, *BY_CALL),
    ("null_by_reference", 0, *BY_CALL),
    ("null_property", 0, *BY_CALL),
    ("null_argument", 0, *BY_CALL),
    ("null_static", 0, *BY_CALL),
    ("null_element", 0, *BY_CALL),
    ("unset", 0, *BY_CALL),
    ("unset_element", 0, *BY_CALL),
    ("unset_property", 0, *BY_CALL),
    ("unset_owner", 0, *BY_CALL),
    ("null_owner", 0, *BY_CALL),
    ("scope", 0, *BY_REFERENCE),
    ("overwritten", 0, *BY_REFERENCE),
    ("temporary", 0, *BY_REFERENCE),
    ("exception", 0, *BY_REFERENCE),
    ("destructor", 0, "collected", "finaliser", "exit", "dropped"),
    ("cycle", 0, "collected", "cyclic collector", "exit", "dropped"),
    ("cycle_destructor", 0, "collected", "cyclic collector", "exit", "dropped"),
    ("request", 0, *BY_REQUEST),
    ("request_pdo", 0, *BY_REQUEST),
    ("request_destructor", 0, *BY_REQUEST),
    ("shutdown_function", 0, "shutdown", "exit handler", "exit", "held"),
    ("exit", 3, *BY_REQUEST),
    ("exit_inside", 3, *BY_REQUEST),
    ("error", 255, *BY_REQUEST),
    ("persistent", 0, *BY_PROCESS),
    ("persistent_pdo", 0, *BY_PROCESS),
    ("in_transaction", 0, "shutdown", "request shutdown", "exit", "stuck"),
    ("in_transaction_pdo", 0, "shutdown", "request shutdown", "exit", "stuck"),
    ("failed", 0, "closed", "failed connect", "exit", "ok"),
    ("failed_pdo", 0, "closed", "failed connect", "exit", "ok"),
    ("exec", 0, "abandoned", "", "exec", "leak"),
    ("underscore_exit", 4, "abandoned", "", "_exit", "leak"),
    ("signal", -signal.SIGTERM, "abandoned", "", "signal", "leak"),
    ("kill", -signal.SIGKILL, "abandoned", "", "killed", "leak"),
]

OPENING_FUNCTIONS = {"open_one", "open_pdo", "{closure}"}

FORKS = [
    ("fork", "{closure}", 1),
    ("fork_request", "", 1),
    ("fork_killed", "", 0),
]


@rows(PHP_ENDINGS)
def test_an_ending_in_php(name, status, ending, how, ended, verdict, shim, programs):
    site = assert_ending(shim, [PHP, programs / "endings.php", name], status, ending, how, ended,
                         verdict)
    line = site["user_line"]
    assert pathlib.Path(line["file"]).name == "endings.php"
    assert line["function"] in OPENING_FUNCTIONS
    assert re.search(r"pg_p?connect\(|new PDO\(", line["source"])
    assert ("persistent" in site["diagnosis"]) == name.startswith("persistent")


@pytest.mark.parametrize(["name", "function", "count"], FORKS, ids=[row[0] for row in FORKS])
def test_a_forked_child_that_ends_php_finishes_its_parents_connection(name, function, count, shim,
                                                                      programs):
    argv = [PHP, programs / "endings.php", name]
    plain = shim.run_plain(argv)
    result = shim.run_companion(argv)
    assert (result.output, result.errors) == (plain.output, plain.errors)
    assert result.status == (plain.status or (23 if count else 0))
    assert len(result.report["misuse"]) == count
    for misuse in result.report["misuse"]:
        assert misuse["kind"] == "inherited finish"
        opened, misused = misuse["stacks"]["opened"], misuse["stacks"]["misused"]
        assert next(frame for frame in opened if frame["is_user"])["function"] in (
            "open_one", "open_pdo")
        lines = [frame for frame in misused if frame["language"] == "php" and frame["is_user"]]
        assert bool(lines) == bool(function)
        if not function:
            assert "php_request_shutdown" in {frame["function"] for frame in misused}


class WebServer:
    """PHP's own server, which runs request after request in one process."""

    def __init__(self, directory, environment, *settings):
        self.port = free_port()
        self.process = subprocess.Popen(
            [PHP, *settings, "-S", f"127.0.0.1:{self.port}", "-t", str(directory)],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        for line in self.process.stderr:
            if "started" in line:
                return self
        raise AssertionError("the server did not start")

    def __exit__(self, *error):
        self.process.kill()
        self.process.communicate()

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=60) as answer:
            return answer.read().decode()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, errors


PAGES = {
    "forgets.php": "<?php\n$link = pg_connect('');\n"
                   "echo pg_fetch_result(pg_query($link, 'select 1'), 0);\n",
    # Of the same shape: without opcache, what it is made of comes to lie in the same places.
    "repeats.php": "<?php\n$link = pg_connect('');\n"
                   "echo pg_fetch_result(pg_query($link, 'select 2'), 0);\n",
    "keeps.php": "<?php\n$link = pg_pconnect('');\n"
                 "echo pg_fetch_result(pg_query($link, 'select 3'), 0);\n",
    "begins.php": "<?php\n$link = pg_pconnect('');\n"
                  "echo pg_fetch_result(pg_query($link, 'begin; select 4'), 0);\n",
    "hoards.php": "<?php\nfor ($i = 0; $i < 4; $i++)\n"
                  "    $links[] = pg_connect('', PGSQL_CONNECT_FORCE_NEW);\necho 5;\n",
}


@pytest.fixture
def pages(tmp_path):
    directory = tmp_path / "pages"
    directory.mkdir()
    for name, text in PAGES.items():
        (directory / name).write_text(text)
    return directory


def served(shim, pages, paths, database, *settings):
    with WebServer(pages, shim.preload(), *settings) as server:
        for path in paths:
            assert server.get(path) == str(list(PAGES).index(path) + 1)
            # In between PHP has rolled back, which the ledger leaves out until the next use.
            assert_backends_agree(database, shim.ledgers, server.process.pid)
        server.stop()
    (report,) = shim.take_reports()
    return report


def told(site):
    line = site["user_line"]
    return (pathlib.Path(line["file"]).name, line["line"], line["function"], site["verdict"],
            site["count"], {close["how"] for close in site["close_stacks"]})


@pytest.mark.parametrize("is_cached", [0, 1])
def test_a_connection_of_each_request_is_ended_by_it_and_is_no_leak(is_cached, shim, pages,
                                                                    database):
    report = served(shim, pages, ["forgets.php", "repeats.php"] * 5, database,
                    f"-dopcache.enable={is_cached}")
    assert total(report, "opened") == total(report, "shutdown") == 10
    assert sorted(map(told, report["sites"])) == [
        ("forgets.php", 2, "{main}", "held", 5, {"request shutdown"}),
        ("repeats.php", 2, "{main}", "held", 5, {"request shutdown"})]


def test_a_persistent_connection_of_a_worker_that_is_killed_is_no_leak(shim, pages):
    """As a process manager does it with its idle workers."""
    with WebServer(pages, shim.preload()) as server:
        assert server.get("keeps.php") == "3"
    report = shim.report_of("--pid", str(server.process.pid)).report
    (site,) = report["sites"]
    assert (site["verdict"], site["endings"]["abandoned"]) == ("held", 1)
    assert report["exit_status"] == 0


def test_a_persistent_connection_lasts_from_request_to_request(shim, pages, database):
    report = served(shim, pages, ["keeps.php"] * 5, database)
    assert [told(site) for site in report["sites"]] == [
        ("keeps.php", 2, "{main}", "held", 1, {"interpreter shutdown"})]
    (site,) = report["sites"]
    assert "PHP keeps it for the requests to come" in site["diagnosis"]


@pytest.mark.parametrize(["last", "verdict"], [("keeps.php", "held"), ("begins.php", "stuck")])
def test_a_transaction_is_forgotten_in_the_last_request_only(last, verdict, shim, pages, database):
    """PHP rolls it back when the request ends, and the next one finds the connection idle."""
    report = served(shim, pages, ["keeps.php", "begins.php", "begins.php", last], database)
    assert [(site["verdict"], site["count"]) for site in report["sites"]] == [(verdict, 1)]


def test_many_connections_of_one_request_are_a_leak(shim, pages, database):
    report = served(shim, pages, ["hoards.php"] * 2, database)
    (site,) = sites_with(report, "leak")
    assert told(site) == ("hoards.php", 3, "{main}", "leak", 8, {"request shutdown"})

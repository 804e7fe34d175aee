"""Ten patterns of leaks: a program that shows each, and a near twin that must not be accused.

Each runs to a point where it waits, as a server would: there its report by a signal is compared
with the server's own list, and judged. Then it ends, and that report is judged, too.
"""
import re
import signal
import subprocess
from dataclasses import dataclass

import pytest

from conftest import CLIENTS, PYTHONS
from shim import TIMEOUT, sites_with, validated
from test_signal import is_complete, wait_until

INTERPRETERS = PYTHONS | {"python-drivers": CLIENTS / "python-drivers" / "bin" / "python"}
# SQLAlchemy 1.4, 2.0.38 and the newest; psycopg 3 has no dialect in 1.4.
ORM = [("debian", "psycopg2"), ("sqlalchemy-2.0.38", "psycopg2"),
       ("sqlalchemy-2.0.38", "psycopg"), ("newest", "psycopg2"), ("python-drivers", "psycopg")]
DRIVERS = [("debian", "psycopg2"), ("debian", "psycopg"), ("newest", "psycopg2"),
           ("python-drivers", "psycopg")]
PSYCOPG2 = [("debian", "psycopg2"), ("sqlalchemy-2.0.38", "psycopg2"), ("newest", "psycopg2")]
C = [("c", "")]
SCREEN_LINES = 24


@dataclass
class Pattern:
    name: str
    runs: list
    verdict: str    # when it has ended
    count: int      # connections at fault then
    cause: str      # essential words, as regular expressions
    cure: str
    now: str = ""   # the verdict while it runs; else the same
    now_count: int = 0
    now_cause: str = ""
    sites: int = 1
    workers: int = 1


PATTERNS = [
    Pattern("engine_per_call", ORM, "leak", 6, "different sqlalchemy QueuePool.*per call",
            "create the engine once"),
    Pattern("two_pools", ORM, "held", 1, "2 pools for the same database", "share one engine",
            sites=2),
    Pattern("session_never_returned", ORM, "stuck", 4,
            "begun by start_job at session_never_returned.py:14.*never went back to the pool",
            "with Session\\(\\) as session.*session.close\\(\\)", now_count=3),
    Pattern("pool_per_worker", ORM, "held", 12,
            "3 processes keep 4 idle connections each: 12 in all", "pool_size", workers=3),
    Pattern("connection_per_thread", DRIVERS, "leak", 6, "by a thread of its own",
            "where the thread's work ends|in the thread's function"),
    Pattern("exception_skips_close", DRIVERS, "stuck", 2, "exception took past close\\(\\)",
            "`finally`|with psycopg.connect"),
    Pattern("error_skips_finish", C, "leak", 2, "2 of 5 open at exit.*leaves PQfinish out",
            "PQfinish on every path", now="held", now_cause="open now"),
    Pattern("failed_connect_retried", C, "failed", 5, "3D000.*never finished",
            "PQfinish also when the connect failed"),
    Pattern("with_connection", PSYCOPG2, "dropped", 5,
            "`with connection` ends the transaction, and leaves the connection open",
            "with closing\\(psycopg2.connect"),
    Pattern("listen_reconnects", DRIVERS, "leak", 5, "LISTEN.*reconnects",
            "the old connection before the loop opens the next", now="held"),
    Pattern("listen_reconnects", C, "leak", 5, "LISTEN.*reconnects",
            "PQfinish on the old connection", now="held"),
    Pattern("cached_session", ORM, "stuck", 1, "one session is kept.*cache",
            "cache the engine or the sessionmaker", now="held",
            now_cause="1 checked out now, 1 in a transaction begun by handle_request"),
]
# The loops of failed connects have twins in two languages: a driver of Python finishes them.
TWINS = PATTERNS + [Pattern("failed_connect_retried", DRIVERS, "", 0, "", "")]

# What may be said of a twin, which has done nothing wrong.
NOTES = "|(1 of 5 )?open now|idle in a sqlalchemy QueuePool (now|until shutdown)"
APPLICATION = "pattern"


class Waiting:
    """A program that runs with the shim, and has come to its end but for waiting."""

    def __init__(self, shim, argv, workers):
        environment = shim.preload(signal="USR2") | {"PGAPPNAME": APPLICATION}
        self.shim, self.workers = shim, workers
        self.process = subprocess.Popen(argv, env=environment, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = []
        while self.lines.count("waiting") < workers:
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError(f"{argv} ended: {self.process.communicate()}")
            self.lines.append(line.strip())

    def report(self):
        """By the signal; of several processes, all in one."""
        if self.workers > 1:
            return self.shim.report_of().report
        self.process.send_signal(signal.SIGUSR2)
        path = self.shim.reports / f"{self.process.pid}.json"
        wait_until(lambda: is_complete(path), "the report is there")
        report = validated(path.read_text())
        path.unlink()
        return report

    def report_with(self, verdict, count):
        """Failed connects are nobody's fault in their first moments: then a later report, in
        which all are."""
        def has_all(report):
            found = sites_with(report, verdict)
            return found and all(at_fault(site) >= count for site in found)

        reports = [self.report()]
        wait_until(lambda: has_all(reports[-1]) or reports.append(self.report()),
                   f"a report with {count} {verdict}")
        return reports[-1]

    def finish(self):
        _, errors = self.process.communicate("", TIMEOUT)
        assert (self.process.returncode, errors) == (0, "")
        self.shim.take_reports()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            self.process.kill()
            self.process.communicate()


def rows(patterns):
    return [pytest.param(pattern, *run, id="-".join(filter(None, (pattern.name, *run))))
            for pattern in patterns for run in pattern.runs]


def command(shim, programs, name, interpreter, driver):
    if interpreter == "c":
        return [shim.program(f"patterns/pattern_{name}")]
    python = INTERPRETERS[interpreter]
    assert python.exists(), f"{python} is missing: scripts/setup makes it"
    return [str(python), str(programs / "patterns" / f"{name}.py"), driver]


def source_of(programs, name, interpreter):
    if interpreter == "c":
        return programs / "patterns" / f"{name.removesuffix('_twin')}.c"
    return programs / "patterns" / f"{name}.py"


def line_here(source):
    """The line that is marked in the program."""
    (number,) = [number for number, line in enumerate(source.read_text().splitlines(), 1)
                 if re.search("# here$|/\\* here \\*/$", line)]
    return number


def backends(database):
    rows = database.server.query("select pid from pg_stat_activity where application_name = %s",
                                 (APPLICATION,))
    return {pid for (pid,) in rows}


def assert_server_agrees(report, database):
    """What the report says is open, the server lists; what it lists more is about to end."""
    standing = {connection["backend_pid"] for site in report["sites"]
                for connection in site["connections"] if connection["ending"] == "open"}
    listed = backends(database)
    assert standing <= listed
    database.wait_for_end(listed - standing)
    assert backends(database) == standing


def assert_found(report, pattern, verdict, count, cause, source):
    found = sites_with(report, verdict)
    assert len(found) == pattern.sites == len(report["sites"]), report["sites"]
    for site in found:
        assert at_fault(site) == count
        assert site["user_line"]["file"].endswith(source.name)
        assert site["user_line"]["line"] == line_here(source)
        assert re.search(cause, site["diagnosis"]), site["diagnosis"]


def at_fault(site):
    """As the text counts: "3 of 4", or all."""
    some = re.match(r"(\d+) of \d+ ", site["diagnosis"])
    return int(some.group(1)) if some else site["count"]


@pytest.mark.parametrize("pattern, interpreter, driver", rows(PATTERNS))
def test_a_pattern_is_told_while_it_runs(pattern, interpreter, driver, shim, programs, database):
    argv = command(shim, programs, pattern.name, interpreter, driver)
    verdict = pattern.now or pattern.verdict
    with Waiting(shim, argv, pattern.workers) as waiting:
        report = waiting.report_with(verdict, pattern.now_count or pattern.count)
        assert_server_agrees(report, database)
        waiting.finish()
    assert_found(report, pattern, verdict,
                 pattern.now_count or pattern.count, pattern.now_cause or pattern.cause,
                 source_of(programs, pattern.name, interpreter))


@pytest.mark.parametrize("pattern, interpreter, driver", rows(PATTERNS))
def test_a_pattern_is_told_at_its_end(pattern, interpreter, driver, shim, programs):
    result = shim.run_companion(command(shim, programs, pattern.name, interpreter, driver))
    assert_found(result.report, pattern, pattern.verdict, pattern.count, pattern.cause,
                 source_of(programs, pattern.name, interpreter))
    for site in result.report["sites"]:
        assert re.search(pattern.cure, site["cure"]), site["cure"]
    assert result.status == (0 if pattern.verdict in ("held", "dropped") else 23)


def assert_not_accused(report):
    """A pool's idle connections are worth a note, and no more."""
    for site in report["sites"]:
        assert site["verdict"] in ("ok", "held"), site["diagnosis"]
        assert re.fullmatch(NOTES, site["diagnosis"]), site["diagnosis"]
    assert report["misuse"] == []


@pytest.mark.parametrize("pattern, interpreter, driver", rows(TWINS))
def test_a_twin_is_not_accused(pattern, interpreter, driver, shim, programs, database):
    argv = command(shim, programs, f"{pattern.name}_twin", interpreter, driver)
    with Waiting(shim, argv, pattern.workers) as waiting:
        report = waiting.report()
        assert_server_agrees(report, database)
        waiting.finish()
    assert_not_accused(report)
    result = shim.run_companion(argv)
    assert_not_accused(result.report)
    assert result.status == 0


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: "-".join(
    filter(None, (pattern.name, pattern.runs[0][0]))))
def test_the_text_fits_a_screen_and_names_the_line_before_cause_and_cure(pattern, shim, programs):
    interpreter, driver = pattern.runs[0]
    log = shim.reports / "run.text"
    shim.execute([shim.companion, "run", "--format=text", f"--log={log}", "--",
                  *command(shim, programs, pattern.name, interpreter, driver)],
                 shim.base | shim.options())
    text = log.read_text()
    log.unlink()
    source = source_of(programs, pattern.name, interpreter)
    assert len(text.splitlines()) <= SCREEN_LINES
    assert 0 < text.index(f"{source.name}:{line_here(source)}") < text.index("  cause ")
    assert text.index("  cause ") < text.index("  cure ")
    assert re.search(pattern.cure, text.replace("\n", " "))


@pytest.mark.parametrize("interpreter, driver", DRIVERS)
def test_the_line_that_opens_is_found_in_code_of_every_shape(interpreter, driver, shim, programs):
    source = programs / "patterns" / "openers.py"
    expected = {(number, line.rpartition("# ")[2])
                for number, line in enumerate(source.read_text().splitlines(), 1)
                if "driver.connect(" in line}
    assert len(expected) > 15
    result = shim.run_companion([str(INTERPRETERS[interpreter]), str(source), driver])
    sites = result.report["sites"]
    lines = [site["user_line"] for site in sites]
    assert {(line["line"], line["function"]) for line in lines} == expected
    assert {site["count"] for site in sites} == {1}


def test_two_notes_on_one_line_name_its_callers(shim, programs):
    log = shim.reports / "run.text"
    argv = command(shim, programs, "two_pools", "debian", "psycopg2")
    shim.execute([shim.companion, "run", "--format=text", f"--log={log}", "--", *argv],
                 shim.base | shim.options())
    callers = re.findall(r"^held .*: ask \S+:11, called by <module> \S+:(\d+)$", log.read_text(),
                         flags=re.M)
    log.unlink()
    assert sorted(callers) == ["16", "17"]

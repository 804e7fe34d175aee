"""A site that rises is told from a pool that fills, while the program runs and at its end.

The programs go on for longer than what must be seen to speak of growth. Stopped (SIGSTOP), they
can be compared with the server.
"""
import pathlib
import signal
import subprocess
import time

import pytest
from conftest import BUILD, PYTHONS

from shim import SOURCE, TIMEOUT, Shim, validated

ROUNDS = 27  # 10.8 seconds and more
SELECTS = {"23", "270"}  # select and pselect6 of x86-64; libpq waits by poll


class Service:
    """A program that works on until it is told to end; runs beside the others."""

    def __init__(self, server, directory, program, *arguments):
        directory.mkdir()
        self.database = server.create_database()
        self.shim = Shim(BUILD, directory, self.database.environment())
        self.rounds = 0
        self.process = subprocess.Popen(
            [PYTHONS["sqlalchemy-2.0.38"], program, *arguments],
            env=self.shim.preload(signal="USR2"), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def wait_for_rounds(self, count):
        while self.rounds < count:
            assert self.process.stdout.readline(), self.process.stderr.read()
            self.rounds += 1

    def report_by_pid(self):
        """Of `pqleak report --pid`, and its exit status."""
        result = self.shim.report_of(f"--pid={self.process.pid}")
        assert result.reports, result.errors
        return result.reports[0], result.status

    def look(self):
        """The same while it stands still between two rounds, with the backends that the server
        lists then: in the middle of a connect it lists one that the program has not got yet."""
        try:
            wait_until(self.stands_between_rounds, "it stands still")
            return self.report_by_pid()[0], self.database.backends()
        finally:
            self.process.send_signal(signal.SIGCONT)

    def stands_between_rounds(self):
        proc = pathlib.Path(f"/proc/{self.process.pid}")
        self.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: self.state() == "T", "it stands still")
        if (len(list((proc / "task").iterdir())) == 1 and
                (proc / "syscall").read_text().split()[0] in SELECTS):
            return True
        self.process.send_signal(signal.SIGCONT)
        return False

    def state(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0]

    def report_by_signal(self):
        path = self.shim.reports / f"{self.process.pid}.json"
        self.process.send_signal(signal.SIGUSR2)
        wait_until(lambda: path.exists() and path.read_text().endswith("]}\n"), "a report")
        report = validated(path.read_text())
        path.unlink()
        return report

    def finish(self):
        _, errors = self.process.communicate("", TIMEOUT)
        assert (self.process.returncode, errors) == (0, "")
        return self.shim.take_reports()[0]

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self.database.drop()


def wait_until(is_true, what):
    deadline = time.monotonic() + TIMEOUT
    while not is_true():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def services(server, tmp_path_factory):
    """All three at once: their seconds are the same ones."""
    directory = tmp_path_factory.mktemp("growth")
    programs = SOURCE / "tests" / "programs"
    services = {
        "leak": Service(server, directory / "leak", programs / "connect_per_request.py"),
        "own": Service(server, directory / "own", programs / "pool_that_fills.py", "own"),
        "sqlalchemy": Service(server, directory / "sqlalchemy", programs / "pool_that_fills.py",
                              "sqlalchemy"),
    }
    yield services
    for service in services.values():
        service.stop()


def site_of(report, function):
    (site,) = [site for site in report["sites"]
               if site["user_line"]["function"].endswith(function)]
    return site


def assert_history_is_exact(site):
    points = site["history"]["points"]
    assert points[-1]["open_min"] <= site["open"] <= points[-1]["open_max"]
    assert max(point["open_max"] for point in points) == site["peak_open"]
    assert all(point["open_min"] <= point["open_max"] for point in points)
    assert site["opened"] == site["count"]
    assert (sum(row["count"] for row in site["lifetimes"]) == site["opened"] - site["open"])
    assert [row["below_ns"] for row in site["lifetimes"]][-1] is None


def check_leak_that_runs(site, end):
    assert (site["trend"], site["verdict"]) == ("rises", "leak")
    assert site["diagnosis"].startswith("rises: ")
    assert f"{site['open']} {end}: never fell" in site["diagnosis"]


def test_a_connection_kept_by_each_request_is_a_leak_while_it_runs(services):
    service = services["leak"]
    service.wait_for_rounds(ROUNDS)
    report, status = service.report_by_pid()
    site = site_of(report, "handle_request")
    check_leak_that_runs(site, "now")
    assert status == 23
    assert site["user_line"]["source"] == 'kept.append(serve(psycopg2.connect("")))'
    clean = site_of(report, "handle_clean_request")
    assert (clean["verdict"], clean["trend"]) == ("ok", "comes and goes")
    check_leak_that_runs(site_of(service.report_by_signal(), "handle_request"), "now")


def test_its_history_is_what_the_server_lists(services):
    service = services["leak"]
    service.wait_for_rounds(ROUNDS)
    report, backends = service.look()
    kept, clean = site_of(report, "handle_request"), site_of(report, "handle_clean_request")
    assert kept["open"] + clean["open"] == len(backends) >= ROUNDS
    assert_history_is_exact(kept)
    assert_history_is_exact(clean)


def test_and_at_its_end(services):
    service = services["leak"]
    service.wait_for_rounds(ROUNDS)
    site = site_of(service.finish(), "handle_request")
    assert (site["verdict"], site["open"]) == ("leak", 0)
    assert site["endings"]["shutdown"] == site["count"] >= ROUNDS


@pytest.mark.parametrize("name, trend", [("own", "rises"), ("sqlalchemy", "level")])
def test_a_pool_that_fills_is_held_while_it_does_and_afterwards(name, trend, services):
    service = services[name]
    service.wait_for_rounds(ROUNDS)
    for report in (service.report_by_pid()[0], service.report_by_signal()):
        site = site_of(report, "Pool.work")
        assert (site["trend"], site["verdict"]) == (trend, "held")
    report, backends = service.look()
    site = site_of(report, "Pool.work")
    assert_history_is_exact(site)
    assert site["open"] == site["count"] == len(backends)
    assert len(backends) >= ROUNDS if name == "own" else len(backends) == 10
    end = site_of(service.finish(), "Pool.work")
    assert (end["verdict"], end["open"], end["endings"]["closed"]) == ("ok", 0, end["count"])

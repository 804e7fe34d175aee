"""The matrix: each client closes everything, or leaks as people do; the server agrees."""
import contextlib
import pathlib
import re

import pytest

from clients import all_clients
from conftest import CLIENTS
from oracle import follow
from shim import SOURCE, total
from stepping import Stepping

SOURCES = SOURCE / "tests" / "programs" / "clients"
PROGRAMS = [client for client in all_clients() if client.leak]


class Row:
    """A client's program, ready to run."""

    def __init__(self, client, shim, scratch):
        self.client = client
        self.shim = shim
        self.source = SOURCES / client.source
        self.places = {"source": self.source, "clients": CLIENTS, "build": shim.programs,
                       "scratch": scratch}
        shim.base.update({name: self.fill(value) for name, value in client.environment.items()})

    def fill(self, text):
        return text.format(**self.places)

    def skip_if_missing(self):
        for path in map(self.fill, self.client.needs):
            if not pathlib.Path(path).exists():
                pytest.skip(f"{path} is not here: scripts/setup says why")

    def remove_maps(self):
        """What a V8 that names its functions left of this program."""
        for path in pathlib.Path("/tmp").glob("perf-*.map"):
            # Another program's may be gone by now.
            with contextlib.suppress(FileNotFoundError):
                if str(self.source) in path.read_text(errors="replace"):
                    path.unlink()

    def argv(self, mode):
        return [*map(self.fill, self.client.command), mode]

    def leak_line(self):
        lines = self.source.read_text().splitlines()
        numbers = [number for number, line in enumerate(lines, 1) if "leak here" in line]
        assert len(numbers) == 1, f"one line of {self.source} says where it leaks: {numbers}"
        return numbers[0]


def each(clients):
    return pytest.mark.parametrize("row", list(clients), indirect=True,
                                   ids=lambda client: re.sub(r"\W+", "-", client.name))


@pytest.fixture
def row(request, shim, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    row = Row(request.param, shim, scratch)
    row.skip_if_missing()
    yield row
    row.remove_maps()


@each(PROGRAMS)
def test_a_client_that_closes_everything_has_nothing_reported(row, shim):
    result = shim.assert_same(row.argv("closes"))
    assert result.status == 0, result.errors
    opened = 0
    for report in result.reports:
        opened += total(report, "opened")
        assert total(report, "closed") == total(report, "opened")
        assert {site["verdict"] for site in report["sites"]} <= {"ok"}
        assert report["misuse"] == []
    assert opened > 0
    under_run = shim.run_companion(row.argv("closes"))
    assert under_run.behaviour() == result.behaviour()
    assert total(under_run.report, "opened") == opened


def leak_place(row, site):
    """The frame that is told, and the user's own frames around it."""
    leak = row.client.leak
    user_frames = [frame for frame in site["opened_stack"] if frame["is_user"]]
    if leak.line == "opened":
        assert "leak here" in site["user_line"]["source"]
        return site["user_line"], user_frames
    assert user_frames == []
    user_frames = [frame for frame in site["connections"][0][leak.line]["stack"]
                   if frame["is_user"]]
    return user_frames[0], user_frames


def assert_line(row, site):
    line, user_frames = leak_place(row, site)
    assert pathlib.Path(line["file"]).name == row.source.name
    assert (line["line"], line["function"]) == (row.leak_line(), row.client.leak.function)
    assert {frame["language"] for frame in user_frames} == {row.client.language}


def assert_said_to_be_unread(row, site, reports):
    """No line of the program is made up, and the process says what is not read."""
    stacks = [site["opened_stack"], *(close["stack"] for close in site["close_stacks"])]
    assert {frame["language"] for stack in stacks for frame in stack} == {"c"}
    assert not any(frame["is_user"] for stack in stacks for frame in stack)
    assert [process["native_only"] for report in reports for process in report["processes"]
            ] == [[row.client.language]]


@each(PROGRAMS)
def test_a_client_that_leaks_is_told_its_line_and_its_ending(row, shim):
    leak = row.client.leak
    result = shim.assert_same(row.argv("leaks"))
    assert result.status == 0, result.errors
    sites = [site for report in result.reports for site in report["sites"]
             if site["verdict"] != "ok"]
    assert len(sites) == 1, sites
    (site,) = sites
    if leak.line:
        assert_line(row, site)
    else:
        assert_said_to_be_unread(row, site, result.reports)
    assert (site["verdict"], site["count"]) == (leak.verdict, leak.count)
    assert {name: count for name, count in site["endings"].items() if count} == {
        leak.ending: leak.count}
    assert {close["how"] for close in site["close_stacks"]} == ({leak.how} if leak.how else set())


@pytest.mark.parametrize("mode", ["closes", "leaks"])
@each(client for client in PROGRAMS if client.is_stepping)
def test_server_and_ledger_agree_at_each_step_of_a_client(row, shim, database, mode):
    with Stepping(row.argv(mode), shim.preload()) as stepping:
        peak, steps, errors, status = follow(stepping, database, shim)
    assert (status, peak >= 1) == (0, True), errors
    assert steps >= 2

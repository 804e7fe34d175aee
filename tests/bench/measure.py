"""How a benchmark is measured: pairs of runs without the shim and with it, in turn.

A row of the table is a `Row`. Its `measure` gets a `Bench` and returns a `Figure`: what was
found in each pair, of which the median stands in the table and the quartiles are the spread.
"""
import dataclasses
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import typing

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
PYTHON = "/usr/bin/python3"
BINARIES = pathlib.Path("/usr/lib/postgresql/15/bin")

# How a figure of each unit is written, and whether the goal is what it is at most.
UNITS = {
    "ns": ("{:,.0f} ns", True),
    "us": ("{:,.2f} us", True),
    "ms": ("{:,.2f} ms", True),
    "s": ("{:,.2f} s", True),
    "B": ("{:,.0f} B", True),
    "times": ("{:,.2f} times", True),
    "rate": ("{:.3f}", False),  # of the rate without the shim
}


class Failed(Exception):
    """A benchmark cannot be measured: what failed, and what it said, in one line."""


def last_line(text):
    return (text.strip().splitlines() or ["nothing"])[-1].strip()


def processor_seconds():
    """What the programs that have ended took so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@dataclasses.dataclass
class Figure:
    """What was found, a number a pair; none when it cannot be measured here, and `note` says why.
    `plain` and `shim` are what it was made of, where there is such; `note` is a word for who
    reads the table, and `more` are figures for who reads the JSON."""
    values: list
    plain: typing.Optional[float] = None
    shim: typing.Optional[float] = None
    note: str = ""
    more: dict = dataclasses.field(default_factory=dict)

    @property
    def median(self):
        return statistics.median(self.values) if self.values else None

    @property
    def quartiles(self):
        if len(self.values) < 2:
            return (self.median, self.median)
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return (low, high)


@dataclasses.dataclass
class Row:
    name: str
    title: str
    unit: str
    goal: typing.Optional[float]
    measure: typing.Callable
    pairs: int = 9

    def is_met(self, figure):
        if self.goal is None or not figure.values:
            return None
        at_most = UNITS[self.unit][1]
        return figure.median <= self.goal if at_most else figure.median >= self.goal


class Bench:
    """What rows measure with: the build, clean environments, a server that starts when asked."""

    def __init__(self, build, clients, pairs=None):
        self.build, self.clients, self.pairs_asked = build, clients, pairs
        self.library = build / "shim" / "libpqleak.so"
        self.pqleak = build / "shim" / "cli" / "pqleak"
        self.programs = build / "tests" / "bench"
        self.fake = build / "tests" / "programs" / "fake_libpq" / "first"
        self.base = {name: value for name, value in os.environ.items()
                     if not name.startswith(("PG", "PQLEAK", "LD_", "PYTHON"))}
        self._server = None

    def plain(self, **more):
        return self.base | more

    def preloaded(self, **more):
        """All is tracked, as by default; what is found goes nowhere."""
        return self.plain(LD_PRELOAD=str(self.library), PQLEAK_LOG=os.devnull) | more

    def on_fake(self):
        """More of the environment: the libpq whose calls do nothing."""
        return {"LD_LIBRARY_PATH": str(self.fake)}

    def on_server(self):
        """More of the environment: a server, on a Unix socket."""
        if not self._server:
            sys.path.insert(0, str(TOP / "tests" / "process"))
            from server import Server
            try:
                self._server = Server(BINARIES)
            except (OSError, RuntimeError, subprocess.SubprocessError) as error:
                raise Failed(f"no server of {BINARIES}: {last_line(str(error))}") from error
        return {"PGHOST": str(self._server.directory), "PGPORT": str(self._server.port),
                "PGUSER": "postgres", "PGDATABASE": "postgres"}

    @property
    def server(self):
        self.on_server()
        return self._server

    def stop(self):
        if self._server:
            self._server.stop()

    def run(self, argv, environment):
        """The numbers that a program prints."""
        output = self.output(argv, environment)
        try:
            return [float(number) for number in output.split()]
        except ValueError as error:
            raise Failed(f"'{argv[0]}' printed no numbers: {last_line(output)}") from error

    def output(self, argv, environment):
        argv = [str(word) for word in argv]
        try:
            result = subprocess.run(argv, env=environment, text=True, errors="replace",
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except OSError as error:
            raise Failed(f"cannot run '{argv[0]}': {error.strerror}") from error
        if result.returncode != 0:
            raise Failed(f"'{' '.join(argv)}' ended with status {result.returncode}, and said: "
                         + last_line(result.stderr))
        return result.stdout

    def pairs(self, row, without, with_shim):
        """[(plain, shim)]: both are called in turn, each as often, and each as often before the
        other; the first pair warms up."""
        def pair(number):
            if number % 2:
                return without(), with_shim()
            return (with_shim(), without())[::-1]
        pairs = [pair(number) for number in range((self.pairs_asked or row.pairs) + 1)]
        return pairs[1:]

    def pair_programs(self, row, argv, more=None):
        """Pairs of what `argv` prints, without the shim and with it."""
        more = more or {}
        return self.pairs(row, lambda: self.run(argv, self.plain(**more)),
                          lambda: self.run(argv, self.preloaded(**more)))


def cost(pairs, scale=1.0):
    """What the shim adds, from pairs of single numbers."""
    return Figure([(shim - plain) / scale for plain, shim in pairs],
                  statistics.median(plain for plain, _ in pairs) / scale,
                  statistics.median(shim for _, shim in pairs) / scale)


def rate(pairs):
    """The rate that stays, from pairs of times for the same work."""
    return Figure([plain / shim for plain, shim in pairs],
                  statistics.median(plain for plain, _ in pairs),
                  statistics.median(shim for _, shim in pairs))

"""What real programs notice: the start of a process, pgbench, a Python job.

What is compared is the rate: transactions of pgbench a second, sessions a second. The client
has one core and the server the others, where there are several, in both halves of a pair. A
rate is as noisy as the machine, so it is the rate of what nobody disturbed: the faster half of
a run's transactions. The JSON has that of all of them, too. The note has where the median of
the pairs lies (95 % of such series), and how many times the client's processor time for a
transaction is what it was without: it is steadier, and the rate cannot lose more than it grows,
because the server has none of it. What start and end take is not in it, but in the rows of the
first connection and of the start.
"""
import dataclasses
import math
import os
import pathlib
import statistics
import tempfile

from measure import BINARIES, TOP, Failed, Figure, Row, processor_seconds

TRUE = "/bin/true"
PIPELINE = """\\set aid random(1, 100000)
\\startpipeline
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid + 1;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid + 2;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid + 3;
\\endpipeline
"""
SPREAD_95 = 1.96


def starts(bench, row):
    """Microseconds, of 1,000 starts a pair: the program does the pairs itself."""
    argv = [bench.programs / "starts", 1000, bench.programs / "empty.so", bench.library, TRUE]
    runs = [bench.run(argv, bench.plain()) for _ in range(bench.pairs_asked or row.pairs)]
    plain, shim, plain_cpu, shim_cpu = zip(*runs)
    more_cpu = statistics.median(more - less for less, more in zip(plain_cpu, shim_cpu))
    return Figure([more - less for less, more in zip(plain, shim)], statistics.median(plain),
                  statistics.median(shim), f"processor time {more_cpu:+.0f} us")


def bounds(values):
    """Between which of the values the median of all such pairs lies, in 95 % of series."""
    ordered = sorted(values)
    rank = max(0, math.floor((len(ordered) - SPREAD_95 * math.sqrt(len(ordered))) / 2))
    return ordered[rank], ordered[-1 - rank]


@dataclasses.dataclass
class Run:
    """Seconds a transaction: of the faster half, of the client's processor time, of all."""
    undisturbed: float
    processor: float
    whole: float


def undisturbed(seconds):
    return statistics.fmean(sorted(seconds)[:(len(seconds) + 1) // 2])


def kept_rate(row, pairs):
    """From pairs of Runs."""
    def median(of):
        return statistics.median(of(plain, shim) for plain, shim in pairs)
    values = [plain.undisturbed / shim.undisturbed for plain, shim in pairs]
    low, high = bounds(values)
    processor = median(lambda plain, shim: shim.processor / plain.processor)
    note = f"median in {low:.3f} .. {high:.3f}; client's processor time {processor:.3f} times"
    if low < row.goal <= high:
        note = f"not proven: {note}"
    return Figure(values, 1 / median(lambda plain, shim: plain.undisturbed),
                  1 / median(lambda plain, shim: shim.undisturbed), note,
                  {"median_between": [low, high], "processor_times": processor,
                   "whole_rate": median(lambda plain, shim: plain.whole / shim.whole)})


def apart(bench):
    """What the client's command line begins with: its core is not the server's."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return []
    os.sched_setaffinity(bench.server.process.pid, cores[1:])
    return ["taskset", "-c", str(cores[0])]


def ends(directory):
    """When the transactions ended, in seconds: pgbench's log has the second and its millionths."""
    for log in pathlib.Path(directory).iterdir():
        for line in log.read_text().splitlines():
            second, millionths = line.split()[4:6]
            yield int(second) + int(millionths) / 1e6


def logged(bench, argv, count, environment):
    """The client's processor time for `count` transactions, and when they ended."""
    with tempfile.TemporaryDirectory() as directory:
        before = processor_seconds()
        bench.output([*argv, "-t", count, f"--log-prefix={directory}/log"], environment)
        processor, ended = processor_seconds() - before, list(ends(directory))
    if len(ended) != count:
        raise Failed(f"pgbench did {len(ended)} of {count} transactions")
    return processor, ended


def pgbench(count, *arguments, script=None):
    """`count` transactions a run, by one client on a Unix socket."""
    def measure(bench, row):
        socket = bench.on_server()
        fill(bench, socket)
        argv = [*apart(bench), str(BINARIES / "pgbench"), "-n", "-l", *arguments]
        if script:
            path = bench.server.directory / "pipeline.sql"
            path.write_text(script)
            argv += ["-f", str(path)]

        def run(environment):
            start, _ = logged(bench, argv, 1, environment)
            processor, ended = logged(bench, argv, count, environment)
            return Run(undisturbed([later - earlier for earlier, later in zip(ended, ended[1:])]),
                       (processor - start) / (count - 1), (ended[-1] - ended[0]) / (count - 1))
        return kept_rate(row, bench.pairs(row, lambda: run(bench.plain(**socket)),
                                          lambda: run(bench.preloaded(**socket))))
    return measure


def fill(bench, socket):
    """pgbench's tables, once a server."""
    if bench.server.query("select to_regclass('pgbench_accounts')") == [(None,)]:
        bench.output([BINARIES / "pgbench", "-i", "-q"], bench.plain(**socket))


def sessions(count):
    def measure(bench, row):
        python = bench.clients / "sqlalchemy-2.0.38" / "bin" / "python"
        if not python.exists():
            raise Failed(f"there is no '{python}': scripts/setup makes it")
        socket = bench.on_server()
        argv = [*apart(bench), python, TOP / "tests" / "bench" / "sessions.py", count]

        def run(environment):
            processor, *seconds = bench.run(argv, environment)
            return Run(undisturbed(seconds), processor / count, statistics.fmean(seconds))
        return kept_rate(row, bench.pairs(row, lambda: run(bench.plain(**socket)),
                                          lambda: run(bench.preloaded(**socket))))
    return measure


ROWS = [
    Row("start", "start of `true`, against an empty object", "us", 100, starts, pairs=5),
    Row("pgbench-connect", "pgbench -C -S", "rate", 0.99, pgbench(150, "-C", "-S"), pairs=25),
    Row("pgbench", "pgbench -S", "rate", 0.99, pgbench(3000, "-S"), pairs=25),
    Row("pgbench-prepared", "pgbench -S -M prepared", "rate", 0.99,
        pgbench(3000, "-S", "-M", "prepared"), pairs=25),
    Row("pgbench-pipeline", "pgbench, four queries a pipeline", "rate", 0.97,
        pgbench(1500, "-M", "prepared", script=PIPELINE), pairs=25),
    Row("sessions", "SQLAlchemy, 10,000 sessions through a pool", "rate", 0.98,
        sessions(10000), pairs=7),
]

"""What real programs notice: the start of a process, pgbench, a Python job.

What is compared is the rate: transactions of pgbench a second, sessions a second. The client
has one core and the server the others, where there are several, in both halves of a pair. A
rate is as noisy as the machine. So the note has where the median lies (95 % of such series),
and what the rate would be if nothing had changed but the client's processor time, which is all
that the shim takes: the server has none of it.
"""
import math
import os
import re
import statistics

from measure import BINARIES, TOP, Failed, Figure, Row, last_line, processor_seconds

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


def kept_rate(row, pairs):
    """From pairs of (seconds a piece of work, of processor time) without the shim and with it."""
    values = [plain[0] / shim[0] for plain, shim in pairs]
    (low, high), seconds = bounds(values), statistics.median(plain[0] for plain, _ in pairs)
    more_cpu = statistics.median(shim[1] - plain[1] for plain, shim in pairs)
    by_cpu = seconds / (seconds + more_cpu)
    note = f"median in {low:.3f} .. {high:.3f}; by the client's processor time {by_cpu:.3f}"
    if low < row.goal <= high:
        note = f"not proven: {note}"
    return Figure(values, 1 / seconds, 1 / statistics.median(shim[0] for _, shim in pairs), note,
                  {"median_between": [low, high], "by_processor_time": by_cpu})


def apart(bench):
    """What the client's command line begins with: its core is not the server's."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return []
    os.sched_setaffinity(bench.server.process.pid, cores[1:])
    return ["taskset", "-c", str(cores[0])]


def pgbench(count, *arguments, script=None):
    """`count` transactions a run, by one client on a Unix socket."""
    def measure(bench, row):
        socket = bench.on_server()
        fill(bench, socket)
        argv = [*apart(bench), str(BINARIES / "pgbench"), "-n", "-t", str(count), *arguments]
        if script:
            path = bench.server.directory / "pipeline.sql"
            path.write_text(script)
            argv += ["-f", str(path)]

        def seconds(environment):
            before = processor_seconds()
            output = bench.output(argv, environment)
            rate = re.search(r"^tps = ([0-9.]+)", output, flags=re.M)
            if not rate:
                raise Failed(f"pgbench told no rate: {last_line(output)}")
            return 1 / float(rate[1]), (processor_seconds() - before) / count
        return kept_rate(row, bench.pairs(row, lambda: seconds(bench.plain(**socket)),
                                          lambda: seconds(bench.preloaded(**socket))))
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

        def seconds(environment):
            return [number / count for number in bench.run(argv, environment)]
        return kept_rate(row, bench.pairs(row, lambda: seconds(bench.plain(**socket)),
                                          lambda: seconds(bench.preloaded(**socket))))
    return measure


ROWS = [
    Row("start", "start of `true`, against an empty object", "us", 100, starts, pairs=5),
    Row("pgbench-connect", "pgbench -C -S", "rate", 0.99, pgbench(250, "-C", "-S"), pairs=25),
    Row("pgbench", "pgbench -S", "rate", 0.99, pgbench(6000, "-S"), pairs=25),
    Row("pgbench-prepared", "pgbench -S -M prepared", "rate", 0.99,
        pgbench(8000, "-S", "-M", "prepared"), pairs=25),
    Row("pgbench-pipeline", "pgbench, four queries a pipeline", "rate", 0.97,
        pgbench(4000, "-M", "prepared", script=PIPELINE), pairs=25),
    Row("sessions", "SQLAlchemy, 10,000 sessions through a pool", "rate", 0.98,
        sessions(10000), pairs=7),
]

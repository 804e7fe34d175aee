"""What one call costs, on a libpq whose calls do nothing."""
from measure import PYTHON, TOP, Figure, Row, cost

# Of what the programs print: processor time is what others on the machine disturb least; but who
# waits for a lock takes none. Last comes the time while each thread had a processor, of which
# this machine may have two: 0 when that was too seldom.
CPU, TOGETHER = 0, -1


def program(name, *arguments, scale=1.0):
    def measure(bench, row):
        pairs = bench.pair_programs(row, [bench.programs / name, *arguments], bench.on_fake())
        return cost([(plain[CPU], shim[CPU]) for plain, shim in pairs], scale)
    return measure


def threads(name, count, *arguments):
    """How much dearer a thing is in `count` threads at once than in one."""
    what = TOGETHER if count == 2 else CPU

    def measure(bench, row):
        def costs(number):
            argv = [bench.programs / name, *(number if word == "THREADS" else word
                                             for word in arguments)]
            plain = bench.run(argv, bench.plain(**bench.on_fake()))[what]
            shim = bench.run(argv, bench.preloaded(**bench.on_fake()))[what]
            return shim - plain if shim and plain else None
        pairs = [pair for pair in bench.pairs(row, lambda: costs(1), lambda: costs(count))
                 if None not in pair]
        if not pairs:
            return Figure([], note="the threads never had a processor each")
        figure = cost(pairs)
        figure.values = [many / one for one, many in pairs]
        figure.note = "{} in 1 thread, in {}".format(
            "time" if what == TOGETHER else "processor time", count)
        return figure
    return measure


def inode(bench, row):
    """Of one open, what asking the kernel for the socket's inode takes: a proven limit."""
    argv, alone = [bench.programs / "opens", 1, 50000, 16], bench.programs / "inode.so"
    pairs = bench.pairs(row, lambda: bench.run(argv, bench.plain(**bench.on_fake())),
                        lambda: bench.run(argv, bench.plain(LD_PRELOAD=str(alone),
                                                            **bench.on_fake())))
    return cost([(plain[CPU], shim[CPU]) for plain, shim in pairs], 1000)


def python(bench, row):
    argv = [PYTHON, TOP / "tests" / "bench" / "opens.py", 20000, 20]
    pairs = bench.pair_programs(row, argv, bench.on_fake())
    return cost([(plain[CPU], shim[CPU]) for plain, shim in pairs], 1000)


ROWS = [
    Row("open", "open and close, 16 frames", "us", 0.6,
        program("opens", 1, 50000, 16, scale=1000)),
    Row("open-inode", "of these, the socket's inode alone", "us", None, inode),
    Row("open-python", "open and close, 36 native, 20 Python frames", "us", 3, python),
    Row("first", "the first connection of a process", "ms", 2,
        program("first", scale=1e6), pairs=21),
    Row("use", "a use, one connection", "ns", 40, program("uses", 1, 1, 1000000, "")),
    Row("use-1000", "a use, 1,000 connections in turn", "ns", 40,
        program("uses", 1000, 1, 1000000, "")),
    Row("begin", "a use that begins, and one that ends it", "us", 1,
        program("uses", 1, 1, 300000, "begin", "commit", scale=1000)),
    *(Row(f"open-threads-{count}", f"open and close in {count} threads, against one", "times",
          1.2 if count == 2 else None,
          threads("opens", count, "THREADS", 40000 if count < 64 else 4000, 16))
      for count in (2, 8, 64)),
    *(Row(f"use-threads-{count}", f"a use in {count} threads, against one", "times",
          1.2 if count == 2 else None,
          threads("uses", count, 1, "THREADS", 500000 if count < 64 else 30000, ""))
      for count in (2, 8, 64)),
]

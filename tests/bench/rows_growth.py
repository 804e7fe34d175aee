"""How the work grows with the connections that are open, on a libpq whose calls do nothing."""
from measure import Figure, Row, cost

FEW = 1000
CPU, _, BYTES, LONGEST = range(4)

# For all of them a record: the default has room for 97,000.
ROOM = {"PQLEAK_LEDGER_MAX": "1G"}


def opens(bench, kept, environment):
    return bench.run([bench.programs / "opens", 1, 20000, 16, kept],
                     environment(**bench.on_fake(), **ROOM))


def pairs_of(bench, row, kept, what):
    return [(plain[what], shim[what]) for plain, shim in bench.pairs(
        row, lambda: opens(bench, kept, bench.plain),
        lambda: opens(bench, kept, bench.preloaded))]


def growth(kept):
    """How much dearer an open and close is beside so many than beside a few."""
    def measure(bench, row):
        def costs(count):
            plain = opens(bench, count, bench.plain)[CPU]
            return opens(bench, count, bench.preloaded)[CPU] - plain
        pairs = bench.pairs(row, lambda: costs(FEW), lambda: costs(kept))
        figure = cost(pairs)
        figure.values = [many / few for few, many in pairs]
        figure.note = f"cost beside {FEW:,}, beside {kept:,}"
        return figure
    return measure


def memory(kept):
    """Bytes of ledger and memory together."""
    return lambda bench, row: cost(pairs_of(bench, row, kept, BYTES))


def longest(kept):
    """The longest of all: what grows may not be made anew in one of them."""
    def measure(bench, row):
        pairs = pairs_of(bench, row, kept, LONGEST)
        return Figure([shim for _, shim in pairs], cost(pairs).plain, cost(pairs).shim,
                      "processor time, with what libpq and malloc do in it")
    return measure


ROWS = [
    *(Row(f"open-beside-{kept}", f"open and close beside {kept:,} open ones, against {FEW:,}",
          "times", 1.5, growth(kept), pairs=pairs)
      for kept, pairs in ((10000, 9), (100000, 9), (1000000, 5))),
    *(Row(f"memory-{kept}", f"ledger and memory of each of {kept:,} open ones", "B", 300,
          memory(kept), pairs=3)
      for kept in (100000, 1000000)),
    Row("open-longest", "the longest open on the way to 1,000,000", "us", None,
        longest(1000000), pairs=5),
]

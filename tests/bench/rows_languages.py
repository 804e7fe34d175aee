"""What a use costs below 20 frames of a language.

Python's are ctypes' calls of PQflush, on a libpq whose calls do nothing. The others are of
drivers, which need the real libpq and a server: each is a call that only that libpq sees, but for
Lua, whose driver has none, so that its row is a query's, and has the noise of one.
"""
import shutil

from measure import PYTHON, TOP, Row, cost

HERE = TOP / "tests" / "bench" / "languages"
DEPTH = 20


def on_fake(*arguments):
    def measure(bench, row):
        argv = [PYTHON, HERE / "uses.py", 200000, DEPTH, *arguments]
        return cost([(plain[0], shim[0])
                     for plain, shim in bench.pair_programs(row, argv, bench.on_fake())])
    return measure


def on_server(interpreter, program, rounds):
    def measure(bench, row):
        argv = [shutil.which(interpreter) or interpreter, HERE / program, rounds, DEPTH]
        return cost([(plain[0], shim[0])
                     for plain, shim in bench.pair_programs(row, argv, bench.on_server())])
    return measure


ROWS = [
    Row("use-python", "a use below 20 Python frames", "ns", None, on_fake(1)),
    Row("use-python-2", "the same in 2 threads", "ns", None, on_fake(2)),
    Row("use-ruby", "a use below 20 frames of Ruby", "ns", None,
        on_server("ruby", "uses.rb", 100000)),
    Row("use-perl", "a use below 20 frames of Perl", "ns", None,
        on_server("perl", "uses.pl", 100000)),
    Row("use-php", "a use below 20 frames of PHP", "ns", None,
        on_server("php", "uses.php", 100000)),
    Row("use-lua", "a query below 20 frames of Lua", "ns", None,
        on_server("lua5.4", "uses.lua", 5000), pairs=15),
]

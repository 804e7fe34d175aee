"""How long the reports take, on ledgers that programs left when they were killed."""
import atexit
import functools
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

from measure import Figure, Row, cost

MILLION = 1000000
SITES = 1000
STACKS = 20000
OPENER = {
    # Used once each, at one of 40 stacks.
    "connections": ("programs", "million", MILLION, SITES, 40, 1, MILLION),
    # Of 13 frames or more; in them 20,000 return addresses of 2,000 functions with DWARF, half
    # of them in a function that is inlined.
    "stacks": ("bench", "deep", STACKS),
}


class Opener:
    """A program that has opened all its connections, and waits for the end of its input."""

    def __init__(self, bench, name, errors=subprocess.DEVNULL, **environment):
        folder, program, *numbers = OPENER[name]
        argv = [bench.build / "tests" / folder / program, *numbers]
        self.process = subprocess.Popen(
            [str(word) for word in argv], env=bench.plain(**bench.on_fake() | environment),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        if not self.process.stdout.readline():
            raise RuntimeError(f"{program} has ended before it was to")

    def seconds_to_end(self):
        began = time.perf_counter()
        self.process.communicate()
        return time.perf_counter() - began

    def kill(self):
        self.process.kill()
        self.process.communicate()


@functools.cache
def directory():
    path = pathlib.Path(tempfile.mkdtemp(prefix="pqleak-bench-"))
    atexit.register(shutil.rmtree, path)
    return path


@functools.cache
def ledger_of(bench, name):
    """What a killed program left: no report was made from it."""
    place = directory() / name
    place.mkdir(0o700)
    Opener(bench, name, LD_PRELOAD=str(bench.library), PQLEAK_DIR=str(place),
           PQLEAK_LEDGER_MAX="2G").kill()
    (path,) = place.glob("*.ledger")
    return path


def report(name, form):
    """`pqleak report FILE` from its start to its end; the first one brings the ledger in."""
    def measure(bench, row):
        argv = [bench.pqleak, "report", "--format", form, ledger_of(bench, name)]
        peaks, times, values = [], [], []
        for _ in range((bench.pairs_asked or row.pairs) + 1):
            began = time.perf_counter()
            process = subprocess.Popen([str(word) for word in argv], env=bench.plain(),
                                       stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            values.append(time.perf_counter() - began)
            process.returncode = os.waitstatus_to_exitcode(status)
            peaks.append(usage.ru_maxrss)
            times.append(usage.ru_utime + usage.ru_stime)
        size = ledger_of(bench, name).stat().st_blocks * 512 / 2**20
        return Figure(values[1:], note=f"{statistics.median(times):.2f} s of processor time, "
                                       f"{max(peaks) / 1024:,.0f} MiB of memory, for "
                                       f"{size:,.0f} MiB of ledger")
    return measure


def plain_report(name):
    """What the end of the program takes longer when the shim itself reports, because there is
    no companion beside it."""
    def measure(bench, row):
        alone = directory() / "alone" / bench.library.name
        if not alone.exists():
            alone.parent.mkdir()
            shutil.copy(bench.library, alone)

        def with_shim():
            # On standard error: the program has taken all descriptors that there are.
            with tempfile.TemporaryFile() as errors:
                seconds = Opener(bench, name, errors, LD_PRELOAD=str(alone), PQLEAK_LEDGER_MAX="2G",
                                 PQLEAK_DIR=str(directory())).seconds_to_end()
                sizes.append(errors.tell())
            return seconds

        sizes = []
        figure = cost(bench.pairs(row, lambda: Opener(bench, name).seconds_to_end(), with_shim))
        figure.note = f"{sizes[-1] / 2**20:,.0f} MiB of text"
        return figure
    return measure


ROWS = [
    Row("report-connections", "report, 1,000,000 open connections of 1,000 sites", "s", 1,
        report("connections", "text"), pairs=5),
    Row("report-connections-json", "the same, as JSON", "s", 1,
        report("connections", "json"), pairs=5),
    Row("report-stacks", "report, 20,000 native stacks to symbolize", "s", 2,
        report("stacks", "text"), pairs=5),
    Row("report-stacks-json", "the same, as JSON", "s", 2, report("stacks", "json"), pairs=5),
    Row("report-plain", "plain report, 1,000,000 open connections", "s", None,
        plain_report("connections"), pairs=1),
    Row("report-plain-stacks", "plain report, 20,000 native stacks", "s", None,
        plain_report("stacks"), pairs=1),
]

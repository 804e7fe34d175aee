"""How many instructions the shim adds to one operation, counted by valgrind's callgrind: a
regression shows on a noisy machine, too.

Each program runs for fewer rounds and for more; their difference has no start-up in it. The
difference of that between the run with the shim and the run without is the figure. It repeats
to a few instructions in ten thousand: a ledger's growth falls into one round or another.

All is counted, libunwind and libc included, because calling them less is what makes it fast.
What could differ between machines is held: libc chooses its string functions by the processor
(between the best and the plainest, opening differs by one in two hundred), so it is made to take
the plainest; the environment is empty; valgrind places stack, heap and libraries itself. What
is left is the compiler, so a figure is for a build by Debian 12's gcc, and for an architecture.
"""
import dataclasses
import json
import os
import platform
import re
import shutil
import subprocess
import tempfile

from measure import TOP, Failed, last_line

FIGURES = TOP / "tests" / "bench" / "instructions.json"
GROWTH_PERCENT = 5
STACK_STRINGS = 8192  # bytes; paths of any length go in
PLAINEST = "glibc.cpu.hwcaps=" + ",".join(
    "-" + name for name in ("AVX512VL", "AVX512BW", "AVX2", "AVX", "AVX_Fast_Unaligned_Load",
                            "SSE4_2", "SSE4_1", "SSSE3", "ERMS", "FSRM", "BMI2", "MOVBE"))


@dataclasses.dataclass
class Counted:
    """A program of tests/bench, and its arguments before and after the number of rounds."""
    program: str
    before: tuple
    after: tuple
    rounds: int
    rounds_more: int


# By the name of the row in the table that has the times of the same thing.
COUNTED = {
    "open": Counted("opens", (1,), (16,), 1000, 5000),
    "use": Counted("uses", (1, 1), ("",), 10000, 60000),
    "use-1000": Counted("uses", (1000, 1), ("",), 10000, 60000),
    "begin": Counted("uses", (1, 1), ("begin", "commit"), 1000, 6000),
}


def is_possible():
    return shutil.which("valgrind") is not None


def of_one_size(argv, environment):
    """The environment with a filler, so that it and the words take STACK_STRINGS."""
    environment = {"PATH": os.defpath, "GLIBC_TUNABLES": PLAINEST, "FILLER": ""} | environment
    words = [*argv, *(f"{name}={value}" for name, value in environment.items())]
    taken = sum(len(os.fsencode(word)) + 1 for word in words)
    return environment | {"FILLER": "x" * (STACK_STRINGS - taken)}


def total(programs, argv, environment):
    with tempfile.TemporaryDirectory() as directory:
        out = os.path.join(directory, "callgrind")
        result = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *argv],
            cwd=programs, env=of_one_size(argv, environment),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
        if result.returncode != 0:
            raise Failed(f"'{' '.join(argv)}' under valgrind ended with status "
                         f"{result.returncode}, and said: {last_line(result.stderr)}")
        with open(out, encoding="utf-8") as file:
            return int(re.search(r"^totals: (\d+)", file.read(), flags=re.M)[1])


def a_round(bench, counted, environment):
    def run(rounds):
        words = [*counted.before, rounds, *counted.after]
        return total(bench.programs, ["./" + counted.program, *map(str, words)],
                     environment | bench.on_fake())
    return (run(counted.rounds_more) - run(counted.rounds)) / (counted.rounds_more - counted.rounds)


def count(bench, name):
    """What the shim adds to one operation of that row."""
    if not is_possible():
        raise Failed("valgrind is not here: scripts/setup installs it")
    # valgrind preloads something, too: without the shim the libpq that is needed anyway is
    # preloaded in its place, so that the words lie where they do with it.
    plain, shim = (a_round(bench, COUNTED[name], {"LD_PRELOAD": str(library),
                                                  "PQLEAK_LOG": os.devnull})
                   for library in (bench.fake / "libpq.so.5", bench.library))
    if shim - plain < 1:
        raise Failed(f"'{name}' counts {shim - plain:.1f} instructions: what it does is not done")
    return round(shim - plain, 1)


def kept():
    """The figures in the repository for this architecture, by name."""
    return json.loads(FIGURES.read_text()).get(platform.machine(), {}) if FIGURES.exists() else {}


def learn(bench):
    """Writes the figures, and leaves those of other architectures."""
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    old = kept()
    figures[platform.machine()] = new = {name: count(bench, name) for name in COUNTED}
    FIGURES.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n")
    for name, instructions in new.items():
        print(f"{name}: {instructions:,.1f} instructions"
              + (f", was {old[name]:,.1f}" if name in old else ""))


def judged(name, instructions, was):
    """Whether that may stay, and the line that says so."""
    if was is None:
        return False, f"{name}: {instructions:,.1f} instructions, and no figure is kept for it"
    percent = 100 * (instructions - was) / was
    said = f"{name}: {instructions:,.1f} instructions, was {was:,.1f}: {percent:+.1f} %"
    if percent > GROWTH_PERCENT:
        return False, f"{said}, more than {GROWTH_PERCENT} %"
    if percent < -GROWTH_PERCENT:
        return True, f"{said}; scripts/bench --learn keeps it so"
    return True, said


def check(bench, rows):
    """Prints a line for each of the rows that has a figure, and how many passed; whether all
    did."""
    figures, names = kept(), [row.name for row in rows if row.name in COUNTED]
    if not figures:
        print(f"skipped: no figures are kept for {platform.machine()}; "
              "scripts/bench --learn makes them\n"
              f"0 passed, 0 failed, {len(names)} skipped")
        return True
    results = []
    for name in names:
        may_stay, said = judged(name, count(bench, name), figures.get(name))
        results.append(may_stay)
        print(f"{'ok' if may_stay else 'FAIL'}: {said}", flush=True)
    if not all(results):
        print("bench: if this is meant, run scripts/bench --learn and commit")
    print(f"{results.count(True)} passed, {results.count(False)} failed, 0 skipped")
    return all(results)

"""Other people's test suites, without the shim and with it: the same results.

    scripts/test --suites [NAME ... | short]
    scripts/test --suites --list

Fetches the suites' sources from package registries, builds what needs it, and runs each suite
without and with the shim; where a test's outcome differs, both once more, to tell a test that
is not steady from a fault of the shim's. Prints a row a suite: tests, differences, findings.
Fails on a difference that explained.py does not have, and on a finding that findings.py does
not have or has as false. Works in $PQLEAK_SUITES (default: suites in the build), which the
server's user must be able to enter.
"""
import argparse
import fnmatch
import os
import pathlib
import subprocess
import sys
import time

sys.dont_write_bytecode = True

from explained import EXPLAINED  # noqa: E402
from fetch import MARK, Missing, version_of  # noqa: E402
from findings import FINDINGS  # noqa: E402
from suite import TOP, Place, Run  # noqa: E402
from server import unprivileged  # noqa: E402
from suites import rows  # noqa: E402

ROUNDS = 2


def missing_packages(packages):
    return [package for package in packages if subprocess.run(
        ["dpkg-query", "-W", package], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL).returncode]


def built(place, suite, source):
    """What the suite builds, once a version of its source."""
    if suite.build is None:
        return source
    target = place.directory / "built" / suite.build.__name__
    if (target / MARK).exists() and version_of(target) == version_of(source):
        return target
    target.mkdir(parents=True, exist_ok=True)
    suite.build(source, target)
    (target / MARK).write_text(version_of(source))
    return target


def one_run(place, suite, source, target, name, with_shim):
    run = Run(place, suite, source, target, name, with_shim)
    try:
        outcomes = suite.run(run)
    finally:
        run.stop()
    return {test: str(outcome) for test, outcome in outcomes.items()}, *run.findings()


def differing(plain, shim):
    tests = set().union(*plain, *shim)
    return sorted(test for test in tests
                  if len({outcomes.get(test, "none") for outcomes in plain + shim}) > 1)


def seen(runs, test):
    return " or ".join(sorted({outcomes.get(test, "none") for outcomes in runs}))


def is_unsteady(plain, test):
    return len({outcomes.get(test, "none") for outcomes in plain}) > 1


def word_on(suite, key):
    """What findings.py says of it; the suite's name there may be a pattern."""
    for (pattern, *known), word in FINDINGS.items():
        if fnmatch.fnmatch(suite, pattern) and tuple(known) == key:
            return word
    return ""


class Result:
    def __init__(self, suite, source):
        self.suite, self.source = suite, source
        self.plain, self.shim, self.findings, self.opened = [], [], {}, 0
        self.bad = []

    def run(self, place, target):
        for number in range(1, ROUNDS + 1):
            outcomes, none, opened = one_run(place, self.suite, self.source, target,
                                             f"plain-{number}", False)
            assert not none and not opened, "reports of a run without the shim"
            self.plain.append(outcomes)
            outcomes, findings, self.opened = one_run(place, self.suite, self.source, target,
                                                      f"shim-{number}", True)
            self.shim.append(outcomes)
            for key, reports in findings.items():
                self.findings.setdefault(key, set()).update(reports)
            if not differing(self.plain, self.shim):
                break

    def judge(self):
        """Prints what is not known, and counts: unsteady, explained, true findings."""
        self.unsteady = self.explained = self.true = 0
        for test in differing(self.plain, self.shim):
            said = f"'{seen(self.plain, test)}' without, '{seen(self.shim, test)}' with the shim"
            if (self.suite.name, test) in EXPLAINED:
                self.explained += 1
            elif is_unsteady(self.plain, test):
                self.unsteady += 1
                print(f"    not steady without the shim: {test}: {said}")
            else:
                self.bad.append(f"{test}: {said}")
        for key, reports in sorted(self.findings.items()):
            if word_on(self.suite.name, key).startswith("true"):
                self.true += 1
            else:
                self.bad.append(f"new finding: {key}, in {len(reports)}: "
                                f"{', '.join(sorted(reports)[:3])}")
        if self.suite.connects and not self.opened:
            self.bad.append("the shim saw no connection")
        for line in self.bad:
            print(f"    {line}")

    def row(self):
        passed = sum(outcome.startswith(("ok", "0")) for outcome in self.shim[0].values())
        return (self.suite.name, version_of(self.source), len(self.plain[0]), passed, self.opened,
                self.unsteady, self.explained, len(self.bad), self.true)


HEAD = ("suite", "version", "tests", "ok", "opened", "unsteady", "explained", "BAD", "findings",
        "time")


def show(row):
    print("{:20} {:22} {:>6} {:>6} {:>6} {:>9} {:>9} {:>4} {:>9} {:>6}".format(*row), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    build = pathlib.Path(os.environ.get("PQLEAK_BUILD_DIR", TOP / "build")).resolve()
    clients = pathlib.Path(os.environ.get("PQLEAK_CLIENTS", build / "clients")).resolve()
    directory = pathlib.Path(os.environ.get("PQLEAK_SUITES", build / "suites")).resolve()
    table = rows(clients)
    if arguments.list:
        for suite in table:
            print(f"{suite.name:20} {suite.title}")
        return 0
    chosen = [suite for suite in table if suite.name in arguments.names
              or (suite.in_short if "short" in arguments.names else
                  suite.in_all and not arguments.names)]
    unknown = set(arguments.names) - {suite.name for suite in table} - {"short"}
    if unknown:
        sys.exit(f"suites: no suite is called '{unknown.pop()}'\nsuites: --list shows them all")
    directory.mkdir(parents=True, exist_ok=True)
    if subprocess.run([*unprivileged(), "test", "-x", directory]).returncode:
        sys.exit(f"suites: the server's user may not enter '{directory}'\n"
                 "suites: PQLEAK_SUITES names another directory")
    if not (build / "shim" / "libpqleak.so").exists():
        sys.exit(f"suites: there is no build in '{build}'")
    place = Place(directory, build)
    try:
        return run_suites(place, chosen)
    finally:
        place.remove()


def run_suites(place, chosen):
    passed = failed = skipped = 0
    show(HEAD)
    for suite in chosen:
        began = time.monotonic()
        try:
            absent = missing_packages(suite.packages)
            if absent:
                raise Missing(f"no {', '.join(absent)}: scripts/setup --suites installs them")
            source = suite.source.fetch(place.directory)
        except Missing as missing:
            skipped += 1
            print(f"{suite.name:20} skipped: {missing}", flush=True)
            continue
        try:
            target = built(place, suite, source)
        except Missing as missing:
            failed += 1
            print(f"{suite.name:20} FAILED: {missing}", flush=True)
            continue
        result = Result(suite, source)
        result.run(place, target)
        result.judge()
        show((*result.row(), f"{time.monotonic() - began:.0f} s"))
        passed, failed = (passed, failed + 1) if result.bad else (passed + 1, failed)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs programs with and without the shim."""
import functools
import json
import os
import pathlib
import subprocess
from dataclasses import dataclass, field

import jsonschema

SOURCE = pathlib.Path(__file__).parents[2]
SCHEMA = SOURCE / "shim" / "render" / "report.schema.json"
TIMEOUT = 120


@dataclass
class Result:
    pid: int
    status: int
    output: str
    errors: str
    reports: list = field(default_factory=list)

    @property
    def report(self):
        assert len(self.reports) == 1, f"one report, not {len(self.reports)}: {self.errors}"
        return self.reports[0]

    def behaviour(self):
        return self.status, self.output, self.errors


class Shim:
    """The shim of one build, with a directory of its own for ledgers and reports."""

    def __init__(self, build, directory, environment):
        self.build = pathlib.Path(build)
        self.library = self.build / "shim" / "libpqleak.so"
        self.companion = self.build / "shim" / "cli" / "pqleak"
        self.programs = self.build / "tests" / "programs"
        self.directory = pathlib.Path(directory)
        self.ledgers = self.directory / "ledgers"
        self.reports = self.directory / "reports"
        self.ledgers.mkdir(mode=0o700)
        self.reports.mkdir()
        self.base = {name: value for name, value in os.environ.items()
                     if not name.startswith(("PG", "PQLEAK", "LD_", "PYTHON", "DEBUGINFOD"))}
        self.base.update(environment, LC_ALL="C.UTF-8")

    def program(self, name):
        path = self.programs / name
        assert path.exists(), f"{path} is not built"
        return str(path)

    def options(self, **options):
        """PQLEAK_... of keyword arguments; ledgers always go to the test's own directory."""
        return {"PQLEAK_DIR": str(self.ledgers)} | {
            "PQLEAK_" + name.upper(): str(value) for name, value in options.items()}

    def preload(self, library=None, **options):
        """The environment of a program that runs with the shim, and reports to a file."""
        # The loader would go on without it, and the program would behave as ever.
        assert self.library.exists(), f"{self.library} is not built"
        options = {"log": self.reports / "%p.json", "format": "json"} | options
        return self.base | {"LD_PRELOAD": str(library or self.library)} | self.options(**options)

    def execute(self, argv, environment=None, stdin="", timeout=TIMEOUT, **options):
        process = subprocess.Popen(
            [str(word) for word in argv], env=environment or self.base, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="surrogateescape",
            **options)
        try:
            output, errors = process.communicate(stdin, timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
            raise AssertionError(f"{argv} hangs: {output} {errors}") from None
        return Result(process.pid, process.returncode, output, errors)

    def run_plain(self, argv, **options):
        return self.execute(argv, **options)

    def run_preloaded(self, argv, environment=None, **options):
        """With LD_PRELOAD alone: each process that used libpq reports for itself."""
        result = self.execute(argv, environment or self.preload(), **options)
        result.reports = self.take_reports()
        return result

    def run_companion(self, argv, *arguments, environment=None, **options):
        """Under `pqleak run`: one report for the whole tree."""
        log = self.reports / "run.json"
        result = self.execute(
            [self.companion, "run", "--format=json", f"--log={log}", *arguments, "--", *argv],
            environment or self.base | self.options(), **options)
        result.reports = self.take_reports()
        return result

    def take_reports(self):
        reports = []
        for path in sorted(self.reports.iterdir()):
            reports += documents(path.read_text())
            path.unlink()
        return reports

    def report_of(self, *arguments, environment=None):
        """`pqleak report --format=json` over what the arguments name."""
        result = self.execute([self.companion, "report", "--format=json", *arguments],
                              environment or self.base | self.options())
        if result.output:
            result.reports = [validated(result.output)]
        return result

    def assert_same(self, argv, with_shim=None, **options):
        """The program behaves the same with the shim; returns the run that had it."""
        plain = self.run_plain(argv, **options)
        preloaded = (with_shim or self.run_preloaded)(argv, **options)
        assert preloaded.behaviour() == plain.behaviour()
        return preloaded


@functools.cache
def schema():
    return json.loads(SCHEMA.read_text())


def validated(text):
    (report,) = documents(text)
    return report


def documents(text):
    """A process that reports before its end, too, adds one JSON document to the other."""
    decoder, reports = json.JSONDecoder(), []
    while text.strip():
        report, end = decoder.raw_decode(text.lstrip())
        jsonschema.validate(report, schema())
        reports.append(report)
        text = text.lstrip()[end:]
    return reports


def total(report, name):
    return sum(process[name] for process in report["processes"])


def ending_total(report, name):
    return sum(site["endings"][name] for site in report["sites"])


def sites_with(report, verdict):
    return [site for site in report["sites"] if site["verdict"] == verdict]


def has_failure(report):
    failing = {"leak", "stuck", "failed", "misuse"}
    return any(site["verdict"] in failing for site in report["sites"]) or bool(report["misuse"])

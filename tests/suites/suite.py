"""What a suite of other people is, and one run of it, without the shim or with it.

A row of the table is a `Suite`. `build` gets the source's directory and one to build in, and
is called once. `run` gets a `Run`, starts the suite's programs in its environment, and returns
{test: outcome}: what the suite itself says of each test, and whatever else must be the same
with the shim. What could not be read is an outcome, too: the suite that broke off has none of
its later tests.
"""
import dataclasses
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import typing

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(TOP / "tests" / "process"))

from fetch import Missing  # noqa: E402
from server import Server, unprivileged  # noqa: E402

BINARIES = pathlib.Path("/usr/lib/postgresql/15/bin")
PYTHON = "/usr/bin/python3"
# A suite that takes longer hangs: the longest needs a fifth of it on two slow cores.
TIMEOUT = 1800


@dataclasses.dataclass
class Suite:
    name: str
    title: str
    source: typing.Any
    run: typing.Callable
    build: typing.Optional[typing.Callable] = None
    packages: tuple = ()  # of Debian, beside those of scripts/setup
    settings: dict = dataclasses.field(default_factory=dict)  # of the server
    connects: bool = True
    in_all: bool = True
    in_short: bool = False


@dataclasses.dataclass
class Place:
    """Where the sources are, what is built of them, and the shim under test: a copy, so that
    all is of one build, and the server's user can read it."""
    directory: pathlib.Path
    build: pathlib.Path

    def __post_init__(self):
        under_test = pathlib.Path(tempfile.mkdtemp(prefix="shim-", dir=self.directory))
        (under_test / "cli").mkdir()
        for name in ("libpqleak.so", "cli/pqleak"):
            shutil.copy(self.build / "shim" / name, under_test / name)
        under_test.chmod(0o755)
        self.library = under_test / "libpqleak.so"

    def remove(self):
        shutil.rmtree(self.library.parent)

    def make(self, name):
        """An empty directory that belongs to who runs the suites, who is not root."""
        path = self.directory / "runs" / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        give(path)
        return path


def give(path):
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(path, account.pw_uid, account.pw_gid)


class Run:
    """One run of a suite, with a server and a directory of its own.

    `environment` is what the suite's programs get, with the shim when `with_shim`. A suite
    that starts its clients itself puts `preload` before them, and has `base` for the rest.
    """

    def __init__(self, place, suite, source, built, name, with_shim):
        self.place, self.source, self.built = place, source, built
        self.directory = place.make(f"{suite.name}-{name}")
        self.reports = self.make("reports")
        self.server = Server(BINARIES, **{"autovacuum": "on"} | suite.settings)
        self.base = {name: value for name, value in os.environ.items()
                     if not name.startswith(("PG", "PQLEAK", "LD_", "PYTHON", "DEBUGINFOD"))}
        # Sources and builds are read by who may not write them, and stay as they are.
        self.base |= {"LC_ALL": "C.UTF-8", "HOME": str(self.directory), "TZ": "UTC",
                      "PYTHONDONTWRITEBYTECODE": "1", "PGHOST": "127.0.0.1",
                      "PGPORT": str(self.server.port), "PGUSER": "postgres"}
        self.preload = {}
        if with_shim:
            ledgers = self.make("ledgers", 0o700)
            self.preload = {"LD_PRELOAD": str(place.library), "PQLEAK_FORMAT": "json",
                            "PQLEAK_DIR": str(ledgers),
                            "PQLEAK_LOG": str(self.reports / "%p-%e.json")}
        self.environment = self.base | self.preload

    def make(self, name, mode=0o755):
        path = self.directory / name
        path.mkdir(mode=mode)
        give(path)
        return path

    def copy(self, source, name):
        """A copy in the run's directory that its programs may write to."""
        target = self.directory / name
        shutil.copytree(source, target, symlinks=True)
        for directory, _, files in os.walk(target):
            give(directory)
            for file in files:
                give(os.path.join(directory, file))
        return target

    def execute(self, argv, cwd=None, **environment):
        """Runs a program, and adds what it prints to `log`. Returns its exit status, or 'hangs'."""
        with open(self.directory / "log", "ab") as log:
            process = subprocess.Popen(
                [*unprivileged(), *map(str, argv)], cwd=cwd or self.directory,
                env=self.environment | environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True)
            try:
                return process.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                return "hangs"
            finally:
                # What the suite left running would keep the server's connections.
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                process.wait()

    def output(self, argv, cwd=None, **environment):
        """Like `execute`; returns status and output."""
        before = self.log_text()
        status = self.execute(argv, cwd, **environment)
        return status, self.log_text()[len(before):]

    def log_text(self):
        path = self.directory / "log"
        return path.read_text(errors="surrogateescape") if path.exists() else ""

    def stop(self):
        self.server.stop()

    def findings(self):
        """What the shim reported: (verdict, place, sentence), with the files that have it, and
        how many connections it saw."""
        found, opened = {}, 0
        for path in sorted(self.reports.iterdir()):
            try:
                reports = list(documents(path.read_text()))
                if not reports:
                    raise ValueError("empty")
            except ValueError as error:
                found.setdefault(("no report", str(error), ""), set()).add(path.name)
                continue
            # The last of one process has what the others had.
            opened += sum(process["opened"] for process in reports[-1]["processes"])
            for report in reports:
                for key in findings_of(report):
                    found.setdefault(key, set()).add(path.name)
        return found, opened


def documents(text):
    """A process that reports before its end, too, adds one JSON document to the other."""
    decoder, text = json.JSONDecoder(), text.lstrip()
    while text:
        report, end = decoder.raw_decode(text)
        yield report
        text = text[end:].lstrip()


FAILS = ("leak", "stuck", "failed", "misuse")


def place_of(frame):
    """A place that stays the same from run to run: no line, no directory."""
    if not frame or not frame["function"]:
        return "?"
    return f"{frame['function']} {pathlib.Path(frame['file'] or '?').name}"


def without_numbers(sentence):
    return re.sub(r"\b\d+\b", "N", sentence)


def findings_of(report):
    """(verdict, place, sentence): what findings.py has, of what fails by default."""
    for site in report["sites"]:
        if site["verdict"] in FAILS:
            yield site["verdict"], place_of(site["user_line"]), without_numbers(site["diagnosis"])
    for misuse in report["misuse"]:
        places = {name: place_of(next((frame for frame in stack if frame["is_user"]), None))
                  for name, stack in sorted(misuse["stacks"].items())}
        yield ("misuse", places.pop("misused", "?"), f"{misuse['kind']}: " + ", ".join(
            f"{name} by {place}" for name, place in places.items()))


def compile_c(source, target, *flags):
    include = [subprocess.run(["pg_config", option], check=True, text=True,
                              stdout=subprocess.PIPE).stdout.strip()
               for option in ("--includedir", "--includedir-server")]
    command = ["gcc", "-g", "-O1", "-w", *(f"-I{path}" for path in include), str(source),
               "-o", str(target), *map(str, flags)]
    compiled = subprocess.run(command, text=True, stderr=subprocess.PIPE)
    if compiled.returncode:
        raise Missing(f"{pathlib.Path(source).name} does not compile: "
                      f"{compiled.stderr.splitlines()[-1]}")

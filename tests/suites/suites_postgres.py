"""PostgreSQL's own suites: psql, libpq, the isolation tester.

The server runs without the shim; what it is preloaded into are the programs that connect.
"""
import re
import subprocess

from fetch import Debian
from outcomes import digest, tap
from suite import BINARIES, Suite, compile_c

SOURCE = Debian("postgresql-15")
LIBRARIES = ("-lpq", "-L/usr/lib/postgresql/15/lib", "-lpgcommon", "-lpgport", "-lm")
PGXS = "/usr/lib/postgresql/15/lib/pgxs/src/test"
# Of each part of psql and of the server something; without what sleeps or is large.
SHORT = ("test_setup boolean char int4 float8 strings create_function_c create_index copy "
         "copyselect copydml insert select errors sanity_check transactions subselect union "
         "arrays update delete psql psql_crosstab namespace prepared_xacts lock async"
         ).split()


def build_regress(source, target):
    """What the suite's CREATE FUNCTION statements load, and contrib's two."""
    flags = ["-shared", "-fPIC", f"-I{source}/src/test/regress"]
    compile_c(source / "src/test/regress/regress.c", target / "regress.so", *flags)
    for name in ("refint", "autoinc"):
        compile_c(source / f"contrib/spi/{name}.c", target / f"{name}.so", *flags)


def run_regress(program, inputs, *arguments):
    """Runs one of the two drivers. `--launcher` is what stands before each client."""
    def run(run):
        output = run.make("output")
        launcher = " ".join(["env", *(f"{name}={value}" for name, value in run.preload.items())])
        status = run.execute(
            [f"{PGXS}/{program}", f"--inputdir={run.source}/{inputs}", f"--outputdir={output}",
             f"--bindir={BINARIES}", f"--dlpath={run.built}", f"--launcher={launcher}",
             "--host=127.0.0.1", f"--port={run.server.port}", "--user=postgres",
             "--dbname=regression",
             *(word.format(inputs=run.source / inputs) for word in arguments)],
            cwd=output, LD_PRELOAD="")
        return regress_outcomes(run.log_text(), output) | {"(exit status)": status}
    return run


def regress_outcomes(text, output):
    """A test that fails is the same only when what it differs in is the same."""
    diffs = output / "regression.diffs"
    bodies = {}
    if diffs.exists():
        for part in re.split(r"^diff ", diffs.read_text(errors="replace"), flags=re.M)[1:]:
            head, _, body = part.partition("\n")
            name = head.split("/")[-1].removesuffix(".out")
            # The first two lines have the times of the files.
            lines = [line for line in body.splitlines() if not line.startswith(("---", "+++"))]
            bodies[name] = digest("\n".join(lines))
    found = {}
    for match in re.finditer(r"^(?:test|    ) (\S+) +\.\.\. (ok|FAILED)( \(.*?\))?", text, re.M):
        name, outcome, why = match.groups()
        found[name] = outcome if outcome == "ok" else f"{outcome}{why or ''} {bodies.get(name)}"
    return found


def build_libpq_pipeline(source, target):
    compile_c(source / "src/test/modules/libpq_pipeline/libpq_pipeline.c",
              target / "libpq_pipeline", *LIBRARIES)


def run_libpq_pipeline(run):
    """Each test's status and word, and the messages that went over the wire."""
    program = run.built / "libpq_pipeline"
    tests = subprocess.run([program, "tests"], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.split()
    traces, found = run.make("traces"), {}
    for test in tests:
        trace = traces / f"{test}.trace"
        status, output = run.output(
            [program, "-r", "700", "-t", trace, test, "dbname=postgres"])
        found[test] = "ok" if status == 0 else f"{status}: {output}"
        expected = run.source / f"src/test/modules/libpq_pipeline/traces/{test}.trace"
        if expected.exists():
            same = trace.exists() and trace.read_bytes() == expected.read_bytes()
            found[f"{test} trace"] = "ok" if same else "differs from the expected one"
    return found


def build_libpq(source, target):
    for name in ("libpq_testclient", "libpq_uri_regress"):
        compile_c(source / f"src/interfaces/libpq/test/{name}.c", target / name, *LIBRARIES)


def run_libpq(run):
    """The TAP tests of src/interfaces/libpq."""
    found = {}
    for name in ("001_uri", "002_api"):
        status, output = run.output(
            ["perl", "-I", f"{PGXS}/perl", run.source / f"src/interfaces/libpq/t/{name}.pl"],
            PATH=f"{run.built}:{BINARIES}:{run.base['PATH']}", TESTDIR=str(run.directory),
            TESTDATADIR=str(run.directory), PG_REGRESS=f"{PGXS}/regress/pg_regress")
        found |= tap(name, output) | {f"{name} (exit status)": status}
    return found


ROWS = [
    Suite("pg_regress", "PostgreSQL's regression suite, through psql", SOURCE,
          run_regress("regress/pg_regress", "src/test/regress",
                      "--schedule={inputs}/parallel_schedule", "--max-concurrent-tests=20"),
          build_regress, settings={"max_prepared_transactions": 10}),
    Suite("pg_regress-short", "a part of it", SOURCE,
          run_regress("regress/pg_regress", "src/test/regress", *SHORT), build_regress,
          settings={"max_prepared_transactions": 10}, in_all=False, in_short=True),
    Suite("isolation", "PostgreSQL's isolation tests", SOURCE,
          run_regress("isolation/pg_isolation_regress", "src/test/isolation",
                      "--schedule={inputs}/isolation_schedule"),
          build_regress, settings={"max_prepared_transactions": 10}),
    Suite("libpq_pipeline", "PostgreSQL's libpq_pipeline", SOURCE, run_libpq_pipeline,
          build_libpq_pipeline, in_short=True),
    Suite("libpq", "libpq's own tests", SOURCE, run_libpq, build_libpq,
          packages=("libipc-run-perl",), connects=False, in_short=True),
]

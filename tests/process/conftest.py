"""Fixtures of the process tests: a real server, a database a test, the shim under test.

PQLEAK_BUILD_DIR is the build to test, PQLEAK_CLIENTS where scripts/setup put the clients.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from majors import MAJORS, Major  # noqa: E402
from server import Server  # noqa: E402
from shim import SOURCE, Shim  # noqa: E402

# A runner in the background has these ignored, and every program here would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)

BUILD = pathlib.Path(os.environ.get("PQLEAK_BUILD_DIR", SOURCE / "build")).absolute()
CLIENTS = pathlib.Path(os.environ.get("PQLEAK_CLIENTS", BUILD / "clients")).absolute()
DEBIAN_BINARIES = pathlib.Path("/usr/lib/postgresql/15/bin")

PYTHONS = {
    "debian": pathlib.Path("/usr/bin/python3"),
    "sqlalchemy-2.0.38": CLIENTS / "sqlalchemy-2.0.38" / "bin" / "python",
    "newest": CLIENTS / "newest" / "bin" / "python",
}


def pytest_configure(config):
    config.addinivalue_line("markers", "xdist_group: run by one worker, where there are several")


@pytest.fixture(scope="session")
def server():
    server = Server(DEBIAN_BINARIES)
    yield server
    server.stop()


@pytest.fixture
def database(server):
    database = server.create_database()
    yield database
    database.drop()


@pytest.fixture
def shim(database, tmp_path):
    return Shim(BUILD, tmp_path, database.environment())


@pytest.fixture
def fake(tmp_path):
    """A shim without a server: the fake libpq needs none."""
    return Shim(BUILD, tmp_path, {})


@pytest.fixture(params=PYTHONS)
def python(request):
    """Each Python that has the drivers: Debian's, and those that scripts/setup made."""
    path = PYTHONS[request.param]
    assert path.exists(), f"{path} is missing: scripts/setup makes it"
    return str(path)


@pytest.fixture(scope="session")
def clients():
    return CLIENTS


@pytest.fixture
def programs():
    """The sources of the programs."""
    return SOURCE / "tests" / "programs"


@pytest.fixture
def compile_program(programs, tmp_path):
    """Compiles one of the programs in a way of its own; returns the path of the result."""

    def compile_source(source, name, *flags):
        target = tmp_path / name
        include = subprocess.run(["pg_config", "--includedir"], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout.strip()
        subprocess.run([os.environ.get("CC", "cc"), "-g", "-O1", f"-I{include}", "-D_GNU_SOURCE",
                        programs / source, "-o", target, *map(str, flags)], check=True)
        return str(target)

    return compile_source


def native_directory(major):
    """What the npm package of one major of PostgreSQL has: bin, lib, share."""
    path = CLIENTS / f"postgresql-{major}" / "native"
    if not path.exists():
        why = "npm is not here" if shutil.which("npm") is None else "scripts/setup did not bring it"
        pytest.skip(f"no PostgreSQL {major}: {why}")
    return path


@pytest.fixture(scope="session")
def newer_libpq():
    """The libpq of PostgreSQL 17 in the npm package, beside Debian's 15."""
    return native_directory(17) / "lib" / "libpq.so.5"


# One worker of pytest-xdist has all tests of a major: each would start its server.
@pytest.fixture(scope="session", params=[
    pytest.param(number, id=f"libpq-{number}", marks=pytest.mark.xdist_group(f"libpq-{number}"))
    for number in MAJORS])
def major(request, tmp_path_factory):
    """Each major's libpq and its own server, from its first test to its last."""
    major = Major(request.param, native_directory(request.param),
                  tmp_path_factory.mktemp(f"libpq-{request.param}-"))
    yield major
    major.server.stop()


@pytest.fixture(scope="session")
def wheel_libpq():
    """The libpq with a name of its own inside the psycopg2-binary wheel."""
    paths = list((CLIENTS / "sqlalchemy-2.0.38").glob("lib/*/site-packages/psycopg2_binary.libs/"
                                                      "libpq-*.so*"))
    assert len(paths) == 1, f"one libpq in the wheel: {paths}"
    return paths[0]

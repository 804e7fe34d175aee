"""dblink and postgres_fdw: libpq inside the backends of a server that runs under the shim.

The shim is installed where the server's user can read it, as a package is, and its ledgers
are where that user has them by default.
"""
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import psycopg2
import pytest

from clients.backends import CLIENTS
from conftest import BUILD, DEBIAN_BINARIES
from oracle import assert_server_agrees
from server import Server
from shim import validated

SETTING_UP = """
create extension dblink;
create extension postgres_fdw;
create server other foreign data wrapper postgres_fdw
    options (host '127.0.0.1', port '{port}', dbname '{name}');
create user mapping for postgres server other options (user 'postgres');
create foreign table answers (answer int) server other options (table_name 'answers');
"""
ASKING = "select answer from dblink({}, 'select 42') as x(answer int)"
ASKING_TABLE = "select answer from answers"
CONNECT = "select dblink_connect('named', '{conninfo}')"
DISCONNECT = "select dblink_disconnect('named')"
# What a session says, how its connection ended, the verdict, what the cure names. Those that
# have the first words of a row of clients/backends.py are what that row says.
SESSIONS = {
    "dblink, disconnected": ([CONNECT, ASKING.format("'named'"), DISCONNECT],
                             "closed", "ok", ""),
    "dblink, by conninfo": ([ASKING.format("'{conninfo}'")], "closed", "ok", ""),
    "dblink": ([CONNECT, ASKING.format("'named'")], "open", "leak", "dblink_disconnect"),
    "postgres_fdw": ([ASKING_TABLE, ASKING_TABLE], "open", "held", "keep_connections"),
    "postgres_fdw, disconnected": ([ASKING_TABLE, "select postgres_fdw_disconnect_all()"],
                                   "closed", "ok", ""),
}


class Preloaded(Server):
    """A server under the shim, and what its backends report."""

    def __init__(self, home):
        self.home = home
        subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet",
                        "--destdir", home / "root"], check=True)
        (library,) = (home / "root").rglob("libpqleak.so")
        self.ledgers = home / "run" / "pqleak"
        for name in ("run", "reports"):
            (home / name).mkdir(mode=0o700)
            self.give(home / name)
        home.chmod(0o755)
        super().__init__(DEBIAN_BINARIES, {
            "LC_ALL": "C", "PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(home / "run"),
            "LD_PRELOAD": str(library), "PQLEAK_FORMAT": "json",
            "PQLEAK_LOG": str(home / "reports" / "%p.json")})

    @staticmethod
    def give(path):
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(path, account.pw_uid, account.pw_gid)

    def report_of(self, pid):
        return validated((self.home / "reports" / f"{pid}.json").read_text())


@pytest.fixture(scope="module")
def preloaded():
    home = pathlib.Path(tempfile.mkdtemp(prefix="pqleak-backends-"))
    try:
        server = Preloaded(home)
        yield server
        server.stop()
    finally:
        shutil.rmtree(home)


class Pair:
    """Two databases of one server; sessions in the first connect to the second."""

    def __init__(self, server):
        self.server = server
        self.front, self.back = server.create_database(), server.create_database()
        with self.session(self.back) as session, session.cursor() as cursor:
            cursor.execute("create table answers as select 42 as answer")
        session.close()
        with self.session() as session, session.cursor() as cursor:
            cursor.execute(SETTING_UP.format(port=server.port, name=self.back.name))
        session.close()

    def session(self, database=None):
        session = psycopg2.connect(self.server.conninfo((database or self.front).name))
        session.autocommit = True
        return session

    def say(self, session, words):
        with session.cursor() as cursor:
            cursor.execute(words.format(conninfo=self.server.conninfo(self.back.name)))
            return cursor.fetchall()

    def end(self, session):
        """The backend has ended, and so has what it had to say."""
        pid = session.info.backend_pid
        session.close()
        self.front.wait_for_end({pid})

    def drop(self):
        self.front.drop()
        self.back.drop()


@pytest.fixture
def pair(preloaded):
    pair = Pair(preloaded)
    yield pair
    pair.drop()


@pytest.fixture
def plain_pair(server):
    pair = Pair(server)
    yield pair
    pair.drop()


@pytest.mark.parametrize("name", SESSIONS)
def test_a_backend_is_reported_as_what_it_is(name, preloaded, pair, plain_pair):
    words, ending, verdict, cure = SESSIONS[name]
    plain, session = plain_pair.session(), pair.session()
    pid = session.info.backend_pid
    for word in words:
        assert pair.say(session, word) == plain_pair.say(plain, word)
        assert_server_agrees(pair.back, preloaded.ledgers, pid)
    plain.close()
    pair.end(session)
    report = preloaded.report_of(pid)
    (process,) = report["processes"]
    assert (process["pid"], process["command"], process["ended"]) == (pid, "postgres", "exit")
    (site,) = report["sites"]
    assert (site["verdict"], site["endings"][ending], site["count"]) == (verdict, 1, 1)
    assert cure in site["cure"]
    assert report["misuse"] == []
    # The loader knows the main program by argv[0], over which a backend writes its title.
    modules = {frame["module"] for frame in site["opened_stack"]}
    assert str(DEBIAN_BINARIES / "postgres") in modules
    assert all(pathlib.Path(module).exists() for module in modules)


def test_the_rows_of_the_table_are_sessions_here():
    for client in CLIENTS:
        _, ending, verdict, _ = SESSIONS[client.name.partition(",")[0]]
        assert client.finding == f"{verdict}: {ending}"


def test_each_backend_has_a_ledger_of_its_own(preloaded, pair):
    sessions = [pair.session() for _ in range(3)]
    for session in sessions:
        pair.say(session, CONNECT)
    assert len(pair.back.backends()) == 3
    pids = [session.info.backend_pid for session in sessions]
    for pid in pids:
        (path,) = preloaded.ledgers.rglob(f"{pid}-*.ledger")
        assert path.stat().st_mode & 0o777 == 0o600
    assert preloaded.ledgers.stat().st_mode & 0o777 == 0o700
    for session in sessions:
        pair.end(session)
    for pid in pids:
        (process,) = preloaded.report_of(pid)["processes"]
        assert (process["opened"], process["open"]) == (1, 1)
    assert list(preloaded.ledgers.rglob("*.ledger")) == []


def test_a_backend_that_is_told_to_end_reports_too(preloaded, pair):
    session = pair.session()
    pid = session.info.backend_pid
    pair.say(session, CONNECT)
    preloaded.query("select pg_terminate_backend(%s)", (pid,))
    pair.end(session)
    (site,) = preloaded.report_of(pid)["sites"]
    assert (site["verdict"], site["endings"]["open"]) == ("leak", 1)


def test_the_server_stops_and_starts_again(preloaded):
    assert preloaded.end() == 0
    preloaded.start()
    assert preloaded.query("select 42") == [(42,)]
    assert not [line for line in preloaded.log if "pqleak:" in line]

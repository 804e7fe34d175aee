"""A PostgreSQL server of the tests' own: own directory, free port, ended by its pid."""
import contextlib
import os
import pathlib
import pwd
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

import psycopg2

STOP_SECONDS = 10


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def unprivileged():
    """The prefix that runs a command as the user of the server: it refuses root."""
    if os.geteuid() != 0:
        return ["setpriv", "--pdeathsig=INT"]
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--pdeathsig=INT"]


class Server:
    """`settings` are those of postgresql.conf; without an environment it has the tests'."""

    def __init__(self, binaries, environment=None, **settings):
        self.environment = environment
        self.settings = {"max_connections": 100, "autovacuum": "off", "fsync": "off",
                         "lc_messages": "C", "listen_addresses": "127.0.0.1"} | settings
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="pqleak-server-"))
        self.databases = 0
        self.log = []
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self.directory, account.pw_uid, account.pw_gid)
        self.directory.chmod(0o755)
        try:
            self.binaries = self.within_reach(pathlib.Path(binaries))
            self.make_data()
            self.start()
        except BaseException:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise

    def within_reach(self, binaries):
        """The server's user may not enter the directory that the binaries are in (a home, or
        one of mktemp's): then it gets a copy."""
        command = [*unprivileged(), "test", "-x", binaries / "postgres"]
        if subprocess.run(command).returncode == 0:
            return binaries
        copy = self.directory / "postgresql"
        shutil.copytree(binaries.parent, copy, symlinks=True)
        return copy / binaries.name

    def make_data(self):
        self.data = self.directory / "data"
        subprocess.run(
            [*unprivileged(), self.binaries / "initdb", "-D", self.data, "-U", "postgres",
             "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            check=True, cwd="/", stdout=subprocess.DEVNULL)

    def launch(self):
        """False when somebody took the port after the look at it."""
        self.port = free_port()
        before = len(self.log)
        self.process = subprocess.Popen(
            [*unprivileged(), self.binaries / "postgres", "-D", self.data, "-p", str(self.port),
             "-k", self.directory,
             *(f"--{name}={value}" for name, value in self.settings.items())],
            cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, env=self.environment)
        for line in self.process.stderr:
            self.log.append(line)
            if "ready to accept connections" in line:
                return True
        self.process.wait()
        if "Address already in use" not in "".join(self.log[before:]):
            raise RuntimeError("the server did not start:\n" + "".join(self.log[-20:]))
        return False

    def start(self):
        while not self.launch():
            pass
        threading.Thread(target=self.log.extend, args=(self.process.stderr,), daemon=True).start()
        self.monitor = psycopg2.connect(self.conninfo("postgres"))
        self.monitor.autocommit = True

    def end(self):
        """What is left can be started again."""
        self.monitor.close()
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)

    def stop(self):
        self.end()
        shutil.rmtree(self.directory)

    def conninfo(self, database):
        return f"host=127.0.0.1 port={self.port} user=postgres dbname={database}"

    def query(self, text, arguments=()):
        with self.monitor.cursor() as cursor:
            cursor.execute(text, arguments)
            return cursor.fetchall() if cursor.description else None

    def create_database(self):
        self.databases += 1
        name = f"test_{self.databases}"
        self.query(f"create database {name}")
        return Database(self, name)


class Database:
    """One test's own: every connection to it belongs to the test's program."""

    def __init__(self, server, name):
        self.server = server
        self.name = name

    def environment(self):
        return {"PGHOST": "127.0.0.1", "PGPORT": str(self.server.port), "PGUSER": "postgres",
                "PGDATABASE": self.name}

    def backends(self):
        """The pids of the server's processes that serve this database's clients."""
        rows = self.server.query(
            "select pid from pg_stat_activity"
            " where datname = %s and backend_type = 'client backend'",
            (self.name,))
        return {pid for (pid,) in rows}

    def activity(self):
        """By pid: state, xact_start and state_change, in ns of the clock; 0 for none."""
        rows = self.server.query(
            "select pid, state, coalesce(extract(epoch from xact_start) * 1000000, 0)::bigint,"
            " (extract(epoch from state_change) * 1000000)::bigint from pg_stat_activity"
            " where datname = %s and backend_type = 'client backend'",
            (self.name,))
        return {pid: (state, start * 1000, change * 1000) for pid, state, start, change in rows}

    def wait_for_end(self, backends):
        """Waits until the backends, which were told to end, have left the server."""
        for pid in backends:
            with contextlib.suppress(ProcessLookupError):
                descriptor = os.pidfd_open(pid)
                try:
                    ready, _, _ = select.select([descriptor], [], [], STOP_SECONDS)
                    assert ready, f"backend {pid} goes on, though the program closed it"
                finally:
                    os.close(descriptor)

    def drop(self):
        if self.server.monitor.server_version >= 130000:
            self.server.query(f"drop database {self.name} with (force)")
            return
        self.server.query("select pg_terminate_backend(pid) from pg_stat_activity"
                          " where datname = %s", (self.name,))
        self.wait_for_end(self.backends())
        self.server.query(f"drop database {self.name}")

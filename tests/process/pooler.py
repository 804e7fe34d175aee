"""A pgbouncer of the tests' own, in front of their server: ended by its pid."""
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

from server import STOP_SECONDS, free_port, unprivileged

PGBOUNCER = "/usr/sbin/pgbouncer"


class Pooler:
    def __init__(self, server, max_client_conn):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="pqleak-pooler-"))
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self.directory, account.pw_uid, account.pw_gid)
        users = self.directory / "users"
        users.write_text('"postgres" ""\n')
        self.directory.chmod(0o755)
        while not self.launch(server, users, max_client_conn):
            pass

    def launch(self, server, users, max_client_conn):
        """False when somebody took the port after the look at it."""
        self.port = free_port()
        settings = self.directory / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n* = host=127.0.0.1 port={server.port}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\n"
            f"unix_socket_dir =\nauth_type = trust\nauth_file = {users}\n"
            f"max_client_conn = {max_client_conn}\n")
        self.process = subprocess.Popen(
            [*unprivileged(), PGBOUNCER, settings], cwd="/", stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        lines = []
        for line in self.process.stderr:
            lines.append(line)
            if "process up" in line:
                return True
        self.process.wait()
        if "Address already in use" not in "".join(lines):
            raise RuntimeError("pgbouncer did not start:\n" + "".join(lines))
        return False

    def environment(self, database):
        return database.environment() | {"PGPORT": str(self.port)}

    def stop(self):
        self.process.kill()
        self.process.communicate(timeout=STOP_SECONDS)
        shutil.rmtree(self.directory)

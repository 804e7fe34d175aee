"""The suite of Perl's driver."""
import shutil

from fetch import Debian, quietly
from outcomes import tap
from suite import Suite


def build_dbd_pg(source, target):
    """The suite wants the version that it belongs to; Debian 12's package is an older one."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    quietly(["perl", "Makefile.PL"], target, "DBD::Pg's Makefile.PL")
    quietly(["make"], target, "DBD::Pg does not build")


def run_dbd_pg(run):
    """File by file, in their order: the first makes what the others use, the last removes it."""
    place = run.copy(run.built, "DBD-Pg")
    dsn = f"dbi:Pg:dbname=postgres;host=127.0.0.1;port={run.server.port}"
    found = {}
    for path in sorted((place / "t").glob("*.t")):
        status, output = run.output(
            ["perl", "-Iblib/lib", "-Iblib/arch", "-I.", path.relative_to(place)], place,
            DBI_DSN=dsn, DBI_USER="postgres", AUTHOR_TESTING="0")
        found |= tap(path.name, output) | {f"{path.name} (exit status)": status}
    return found


ROWS = [
    Suite("dbd-pg", "DBD::Pg", Debian("libdbd-pg-perl", "trixie"), run_dbd_pg, build_dbd_pg,
          settings={"max_prepared_transactions": 10}),
]

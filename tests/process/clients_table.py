"""The README's section on what is covered, made of the rows that the tests run."""
import pathlib
import re

from clients import LOADED, all_clients

SOURCE = pathlib.Path(__file__).parents[2]
README = SOURCE / "README.md"
BEGIN, END = "<!-- clients -->\n", "<!-- end -->\n"

LANGUAGES = {".c": "C", ".cc": "C++", ".cpp": "C++", ".js": "JavaScript", ".lua": "Lua",
             ".pgc": "C", ".php": "PHP", ".pl": "Perl", ".py": "Python", ".R": "R", ".r": "R",
             ".rb": "Ruby", ".rs": "Rust", ".sql": "SQL", ".tcl": "Tcl"}
ENDINGS = {"open": "open at exit", "abandoned": "abandoned", "collected": "closed by collection",
           "shutdown": "closed at shutdown", "closed": "closed",
           "failed_unfinished": "failed, never finished"}

# What no row can have, and what pqleak can say of it.
NOT_COVERED = [
    ("drivers that speak the protocol themselves: asyncpg, pg8000, JDBC, Npgsql, pgx, node `pg`, "
     "rust-postgres, pgbouncer", "they do not use libpq"),
    ("libpq linked statically: pq-sys `bundled`, a hand-linked `libpq.a`",
     "its calls do not pass the dynamic linker"),
    ("set-user-id programs, and those with file capabilities", "the loader ignores `LD_PRELOAD`"),
    ("programs that are linked statically, or to another C library than glibc",
     "no preloading, or none of this shim"),
]


def whose_lines(client):
    """Named by the program's own ending: C++ and Rust are native frames as C's are."""
    ending = pathlib.PurePath(client.source).suffix
    return f"the program's, in {LANGUAGES[ending]}" if ending else "the tool's own"


def reported_as(client):
    leak = client.leak
    if leak is None:
        verdict, _, ending = client.finding.partition(": ")
        return f"{verdict}: {ENDINGS.get(ending, ending)}" if ending else "none: it closes all"
    how = f" ({leak.how})" if leak.how else ""
    return f"{leak.verdict}: {ENDINGS[leak.ending]}{how}"


def majors():
    """PostgreSQL's releases whose libpq and server the tests use."""
    rows = re.findall(r'^servers="(.*)"', (SOURCE / "scripts" / "setup").read_text(), flags=re.M)
    releases = re.findall(r"\b(\d+\.\d+)\.", " ".join(rows))
    return f"{', '.join(releases[:-1])} and {releases[-1]}"


def markdown(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def text():
    clients = markdown(
        ["client", "how libpq comes in", "whose lines", "a forgotten connection is reported as"],
        [[client.name, LOADED[client.loaded], whose_lines(client), reported_as(client)]
         for client in all_clients()])
    return (f"{clients}\nEvery wrapped call is run against libpq and server of PostgreSQL "
            f"{majors()}.\n\nNot covered, and `pqleak doctor` says so where it can:\n\n"
            f"{markdown(['what', 'why'], NOT_COVERED)}")


def split_readme():
    """The README before the section, the section, and what comes after it."""
    before, begin, rest = README.read_text().partition(BEGIN)
    section, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"README.md: no {BEGIN.strip()} ... {END.strip()}")
    return before + begin, section, end + after


def is_current():
    return split_readme()[1] == text()


def write():
    before, _, after = split_readme()
    README.write_text(before + text() + after)

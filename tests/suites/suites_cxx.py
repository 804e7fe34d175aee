"""The suite of libpqxx."""
import concurrent.futures
import subprocess

from fetch import Debian, Missing, quietly
from suite import Suite

PARTS = ("test", "test/unit")


def build_libpqxx(source, target):
    """Its two runners, against the libpqxx that is installed."""
    def compiled(path):
        part = target / path.relative_to(source / "test").with_suffix(".o")
        part.parent.mkdir(exist_ok=True)
        quietly(["g++", "-std=c++14", "-O0", "-w", "-I", source / "test", "-c", path, "-o", part],
                source, f"{path.name} does not compile")
        return part

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for directory in PARTS:
            parts = list(pool.map(compiled, sorted((source / directory).glob("*.cxx"))))
            program = target / f"runner-{directory.replace('/', '-')}"
            quietly(["g++", "-o", program, *parts, "-lpqxx", "-lpq"], target, f"{program.name}")


def run_libpqxx(run):
    found = {}
    for directory in PARTS:
        name = directory.replace("/", "-")
        status, output = run.output([run.built / f"runner-{name}"], PGDATABASE="postgres")
        found[f"{name} (exit status)"] = status
        test = None
        for line in output.splitlines():
            print(line)
    return found


ROWS = [
    Suite("libpqxx", "libpqxx (C++)", Debian("libpqxx"), run_libpqxx, build_libpqxx),
]

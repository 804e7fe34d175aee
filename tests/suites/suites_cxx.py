"""The suite of libpqxx."""
import concurrent.futures
import re

from fetch import Debian, quietly
from outcomes import digest
from suite import Suite

PARTS = ("test", "test/unit")


def build_libpqxx(source, target):
    """Its two runners, against the libpqxx that is installed."""
    include = quietly(["pg_config", "--includedir"], source, "pg_config").strip()

    def compiled(path):
        part = target / path.relative_to(source / "test").with_suffix(".o")
        part.parent.mkdir(exist_ok=True)
        quietly(["g++", "-std=c++14", "-O0", "-w", "-I", source / "test", "-I", include, "-c",
                 path, "-o", part], source, f"{path.name} does not compile")
        return part

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for directory in PARTS:
            parts = list(pool.map(compiled, sorted((source / directory).glob("*.cxx"))))
            program = target / f"runner-{directory.replace('/', '-')}"
            quietly(["g++", "-o", program, *parts, "-lpqxx", "-lpq"], target, f"{program.name}")


def run_libpqxx(run):
    """What each test prints, which has other pids and object numbers each time."""
    found = {}
    for directory in PARTS:
        name = directory.replace("/", "-")
        status, output = run.output([run.built / f"runner-{name}"], PGDATABASE="postgres")
        found[f"{name} (exit status)"] = status
        for part in re.split(r"^Running: ", output, flags=re.M)[1:]:
            test, _, text = part.partition("\n")
            outcome = "failed" if re.search("^FAILED: ", text, re.M) else "ok"
            found[f"{name} {test}"] = f"{outcome} {digest(re.sub('(pid=|#)[0-9]+', '', text))}"
    return found


ROWS = [
    Suite("libpqxx", "libpqxx (C++)", Debian("libpqxx"), run_libpqxx, build_libpqxx),
]

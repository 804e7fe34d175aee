"""Source packages of other people, from their registries, by the ordinary clients.

Nothing is installed, and the machine's own lists and sources stay as they are: apt-get works
with those of a directory of its own. A source is fetched once; `mark` in it says that it is
whole.
"""
import dataclasses
import functools
import os
import pathlib
import re
import shutil
import subprocess

RELEASES = ("bookworm", "trixie")
MARK = ".pqleak-version"


class Missing(Exception):
    """What a suite needs is not to be had here; the text says what."""


def quietly(argv, directory, why, environment=None):
    run = subprocess.run([str(word) for word in argv], cwd=directory, text=True,
                         env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if run.returncode:
        lines = [line for line in run.stdout.splitlines() if line.strip()] or ["no word why"]
        telling = [line for line in lines if "rror: " in line or line.startswith("E: ")]
        raise Missing(f"{why}: {(telling or lines[-1:])[0]}")
    return run.stdout


def debian():
    """Where this machine has Debian's packages from; the sources are there, too."""
    targets = quietly(
        ["apt-get", "indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)",
         "Created-By: Packages"], "/", "apt-get indextargets")
    places = re.findall("^Debian Debian (\\S+)$", targets, re.M)
    if not places:
        raise Missing("no lists of Debian's packages: apt-get update brings them")
    return places[0]


@functools.cache
def apt_options(directory):
    """Options that keep apt-get to `directory`; its lists are made at the first call."""
    place = directory / "apt"
    for name in ("lists/partial", "cache/archives/partial"):
        (place / name).mkdir(parents=True, exist_ok=True)
    (place / "sources.list").write_text("".join(
        f"deb-src {debian()} {release} main\n" for release in RELEASES))
    options = ["-q", "-o", f"Dir::Etc::sourcelist={place}/sources.list",
               "-o", "Dir::Etc::sourceparts=-", "-o", f"Dir::State::lists={place}/lists",
               "-o", f"Dir::Cache={place}/cache", "-o", "APT::Sandbox::User="]
    quietly(["apt-get", *options, "update"], directory, "apt-get update")
    return options


def unpacked(archives, target, version):
    """The archive's one directory becomes `target`."""
    if len(archives) != 1:
        raise Missing(f"one archive, not {[path.name for path in archives]}")
    place = target.with_suffix(".part")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    quietly(["tar", "--no-same-owner", "-xf", archives[0], "-C", place], place, "tar")
    (inner,) = place.iterdir()
    (inner / MARK).write_text(version)
    shutil.rmtree(target, ignore_errors=True)
    inner.rename(target)
    shutil.rmtree(place)
    return target


@dataclasses.dataclass(frozen=True)
class Debian:
    """The upstream archive of Debian's source package, as it is in `release`."""
    package: str
    release: str = "bookworm"

    def __str__(self):
        return f"Debian's {self.package}"

    def fetch(self, directory):
        target = directory / "sources" / self.package
        if (target / MARK).exists():
            return target
        archives = directory / "archives" / self.package
        shutil.rmtree(archives, ignore_errors=True)
        archives.mkdir(parents=True)
        output = quietly(
            ["apt-get", *apt_options(directory), "source", "--only-source", "--download-only",
             "--tar-only", "-t", self.release, self.package], archives,
            f"{self} cannot be fetched")
        version = re.search(rf" {re.escape(self.package)} (\S+) \(tar\)", output)
        target.parent.mkdir(exist_ok=True)
        return unpacked([path for path in archives.iterdir() if path.suffix != ".asc"], target,
                        version[1] if version else "")


@dataclasses.dataclass(frozen=True)
class PyPI:
    """The source distribution of PyPI, of the version that `python` has installed."""
    package: str
    python: str = "/usr/bin/python3"
    installed: str = ""  # under this name, where it is another

    def __str__(self):
        return f"PyPI's {self.package}"

    def fetch(self, directory):
        if not os.path.exists(self.python):
            raise Missing(f"no {self.python}: scripts/setup makes it")
        name = self.installed or self.package
        version = quietly(
            [self.python, "-c", "import importlib.metadata as m, sys;"
             f"print(m.version({name!r}).split()[0])"], directory, f"no {name}").strip()
        target = directory / "sources" / f"{self.package}-{version}"
        if (target / MARK).exists():
            return target
        archives = directory / "archives" / target.name
        shutil.rmtree(archives, ignore_errors=True)
        archives.mkdir(parents=True)
        # What it takes to build one may come in wheels.
        quietly(["/usr/bin/python3", "-m", "pip", "download", "-q", "--no-deps", "--no-binary",
                 self.package, "-d", archives, f"{self.package}=={version}"], archives,
                f"{self} {version} cannot be fetched")
        target.parent.mkdir(exist_ok=True)
        return unpacked(list(archives.iterdir()), target, version)


def version_of(source):
    return (pathlib.Path(source) / MARK).read_text()

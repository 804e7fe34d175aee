"""The Python interpreters of this machine: Debian's, pyenv's, and PQLEAK_INTERPRETERS' (paths
with ':' between them)."""
import os
import pathlib
import re
import subprocess


def candidates():
    yield pathlib.Path("/usr/bin/python3")
    root = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv")
    for path in sorted(root.glob("versions/*/bin/python[23].*")):
        if re.fullmatch(r"python[23]\.\d+", path.name):
            yield path
    for path in filter(None, os.environ.get("PQLEAK_INTERPRETERS", "").split(":")):
        yield pathlib.Path(path)


def version_of(path):
    """(3, 11, 2), or None for what is no CPython that starts."""
    code = ("import platform, sys; sys.stdout.write('%s %d %d %d' %"
            " ((platform.python_implementation(),) + tuple(sys.version_info[:3])))")
    try:
        words = subprocess.run([str(path), "-c", code], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, check=True).stdout.decode().split()
    except (OSError, subprocess.CalledProcessError):
        return None
    return tuple(map(int, words[1:])) if words[0] == "CPython" else None


def find():
    """[(name, path, version)], each installation once."""
    found = {}
    for path in candidates():
        version = version_of(path) if path.exists() else None
        if version:
            name = "%d.%d.%d" % version
            where = "system" if str(path).startswith("/usr/") else path.parent.parent.name
            found.setdefault(path.resolve() if where == "system" else path,
                             (name if where == name else "%s-%s" % (name, where), str(path),
                              version))
    return sorted(found.values(), key=lambda row: row[2])


def shared_library(path):
    """(libpython's path, the prefix it needs), or None where the interpreter has all of it."""
    code = ("import os, sys, sysconfig; get = sysconfig.get_config_var;"
            " print(os.path.join(get('LIBDIR'), get('INSTSONAME') or '-')); print(sys.prefix)")
    library, prefix = subprocess.run([path, "-c", code], stdout=subprocess.PIPE,
                                     check=True).stdout.decode().splitlines()
    return (library, prefix) if ".so" in library and os.path.exists(library) else None


ALL = find()
SUPPORTED = [row for row in ALL if row[2] >= (3, 6)]
UNSUPPORTED = [row for row in ALL if row[2] < (3, 6)]
EMBEDDABLE = [row for row in SUPPORTED if shared_library(row[1])]

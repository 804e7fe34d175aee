"""A good guest: the host behaves as without the shim, and nothing at all happens in a
process that never calls libpq.
"""
import os
import re
import subprocess

import pytest

from shim import total

QUIET = ["/bin/true", "/bin/sh -c :", "/bin/cat /dev/null"]
SYSCALL = re.compile(r"^(?:\[pid\s+\d+\] )?(?:\d+\s+)?(\w+)\((.*)")


def trace(argv, environment, log):
    """The system calls of a program: a list of (name, arguments and result)."""
    preload = environment.pop("LD_PRELOAD", "")
    subprocess.run(["strace", "-f", "-o", log, "-E", f"LD_PRELOAD={preload}", *argv],
                   env=environment, check=False, stdout=subprocess.DEVNULL)
    calls = []
    for line in log.read_text().splitlines():
        found = SYSCALL.match(line)
        if found:
            calls.append((found[1], found[2]))
    assert calls, "strace saw nothing"
    return calls


def opened_files(calls):
    return [re.search(r'"([^"]*)"', rest)[1] for name, rest in calls
            if name in ("open", "openat", "creat") and "ENOENT" not in rest]


def after_loading(calls, shim):
    """Names of the calls, without those that load the shim itself: everything from the
    opening of its file to the closing of the descriptor."""
    names, is_loading = [], False
    for name, rest in calls:
        if name == "openat" and str(shim.library) in rest:
            is_loading = True
        if not is_loading:
            names.append(name)
        if is_loading and name == "close":
            is_loading = False
    return names


@pytest.mark.parametrize("command", QUIET)
def test_a_program_without_libpq_only_loads_the_shim(command, shim, tmp_path):
    plain = trace(command.split(), dict(shim.base), tmp_path / "plain")
    loaded = trace(command.split(), shim.preload(), tmp_path / "loaded")
    assert opened_files(loaded) == [str(shim.library), *opened_files(plain)]
    assert not list(shim.ledgers.iterdir())
    assert not list(shim.reports.iterdir())


@pytest.mark.parametrize("command", QUIET)
def test_a_program_without_libpq_makes_no_call_that_touches_the_world(command, shim, tmp_path):
    """The loader maps and protects the shim; beyond that the calls are the same."""
    memory = {"mmap", "munmap", "mprotect", "brk", "pread64", "fstat", "newfstatat", "read"}
    plain = trace(command.split(), dict(shim.base), tmp_path / "plain")
    loaded = trace(command.split(), shim.preload(), tmp_path / "loaded")
    world = [[name for name in after_loading(calls, shim) if name not in memory]
             for calls in (plain, loaded)]
    assert world[0] == world[1]


def test_a_program_linked_to_libpq_that_never_calls_it_leaves_no_trace(shim, tmp_path):
    argv = [shim.program("endings"), "none"]
    result = shim.assert_same(argv)
    assert (result.status, result.reports) == (3, [])
    plain = opened_files(trace(argv, dict(shim.base), tmp_path / "plain"))
    loaded = opened_files(trace(argv, shim.preload(), tmp_path / "loaded"))
    assert sorted(loaded) == sorted([str(shim.library), *plain])
    assert not list(shim.ledgers.iterdir())


def test_errno_is_what_libpq_left(shim):
    result = shim.assert_same([shim.program("errno")])
    assert result.output.count("errno") >= 9
    assert total(result.report, "opened") == 3


def test_silence_when_nothing_is_wrong(shim):
    for name in ("close", "none", "failed_exec"):
        argv = [shim.program("endings"), name]
        environment = shim.base | {"LD_PRELOAD": str(shim.library)} | shim.options()
        assert shim.execute(argv, environment).behaviour() == shim.run_plain(argv).behaviour()


def test_a_clean_end_leaves_no_ledger_behind(shim):
    for name in ("close", "open", "atexit"):
        assert total(shim.run_preloaded([shim.program("endings"), name]).report, "opened") == 1
        assert not list(shim.ledgers.rglob("*.ledger"))


def test_a_ledger_is_kept_when_asked_for(shim):
    shim.run_preloaded([shim.program("endings"), "open"], shim.preload(keep=1))
    (ledger,) = shim.ledgers.rglob("*.ledger")
    assert ledger.stat().st_mode & 0o777 == 0o600
    assert shim.report_of(ledger).report["processes"][0]["open"] == 1


def test_the_report_goes_to_stderr_and_stdout_stays_the_programs(shim):
    argv = [shim.program("endings"), "open"]
    environment = shim.base | {"LD_PRELOAD": str(shim.library)} | shim.options()
    result = shim.execute(argv, environment)
    assert (result.status, result.output) == (0, "")
    assert re.search(r"^LEAK\b.*\b1 connection\b", result.errors, flags=re.M)
    assert re.search(r"^  opened  open_one  \S*endings\.c:\d+ ", result.errors, flags=re.M)
    assert re.search(r"^SUMMARY: pqleak: 1 leak", result.errors, flags=re.M)


def test_off_means_off(shim, tmp_path):
    argv = [shim.program("endings"), "open"]
    environment = shim.base | {"LD_PRELOAD": str(shim.library), "PQLEAK": "0"} | shim.options()
    assert shim.execute(argv, environment).behaviour() == shim.run_plain(argv).behaviour()
    assert not list(shim.ledgers.iterdir())


@pytest.mark.parametrize("options, is_recorded", [
    ({"only": "psql,endings"}, True), ({"only": "psql"}, False),
    ({"skip": "endings"}, False), ({"skip": "psql,ending"}, True)])
def test_programs_are_chosen_by_name(options, is_recorded, shim):
    result = shim.run_preloaded([shim.program("endings"), "open"], shim.preload(**options))
    assert len(result.reports) == is_recorded


SHOW_DESCRIPTORS = """
import os, psycopg2
before = sorted(os.listdir('/proc/self/fd'))
connection = psycopg2.connect('')
connection.close()
print(before == sorted(os.listdir('/proc/self/fd')), len(os.listdir('/proc/self/task')))
"""


def test_no_descriptor_and_no_thread_stays_in_the_host(shim):
    result = shim.assert_same(["/usr/bin/python3", "-c", SHOW_DESCRIPTORS])
    assert result.output == "True 1\n"
    assert total(result.report, "closed") == 1


def test_passwords_and_conninfo_are_never_recorded(shim):
    """A password in the conninfo, in the environment and in a failed connect."""
    script = "import psycopg2\nc = psycopg2.connect('password=SecretOfTheTest')\n" \
             "try: psycopg2.connect('dbname=none password=SecretOfTheTest')\n" \
             "except psycopg2.Error: pass\n"
    environment = shim.preload(keep=1) | {"PGPASSWORD": "SecretOfTheTest"}
    shim.run_preloaded(["/usr/bin/python3", "-c", script], environment)
    (ledger,) = shim.ledgers.rglob("*.ledger")
    assert b"SecretOfTheTest" not in ledger.read_bytes()
    assert b"psycopg2" in ledger.read_bytes()


def test_a_ledger_is_private_to_its_user(shim):
    """0600 in a 0700 directory, whatever the umask of the program."""
    place = shim.directory / "new"
    environment = shim.preload(keep=1, dir=place)
    shim.run_preloaded([shim.program("endings"), "open"], environment, umask=0)
    (ledger,) = place.rglob("*.ledger")
    assert ledger.stat().st_mode & 0o777 == 0o600
    assert ledger.stat().st_uid == os.geteuid()
    assert place.stat().st_mode & 0o777 == 0o700

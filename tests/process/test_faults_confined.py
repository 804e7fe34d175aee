"""Sandboxes: system calls that are forbidden, another root, another user, namespaces, descriptors
closed behind our back. The program goes on, and its report comes.
"""
import os

import pytest

from faults import (COUNTS, NO_COMPANION, NO_UNWINDER, PRIVATE, WORDS, faults, record_in,
                    suffer)

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


# A row: what is forbidden with EPERM (an old sandbox) or ENOSYS (an old kernel), what is said,
# and whether the report is plain.
@pytest.mark.parametrize("how", ["forbid", "missing"])
@pytest.mark.parametrize("name, said, is_plain", [
    ("clone", [NO_COMPANION], True),
    ("close_range", [], False),
    ("execve", [NO_COMPANION], True),
    ("fallocate", [], False),
    ("ftruncate", [PRIVATE, NO_COMPANION], True),
    ("getrandom", [], False),
    ("kill", [], False),
    ("madvise", [PRIVATE], False),
    ("memfd_create", [], False),
    ("mkdirat", [], False),
    ("mremap", [], None),  # the companion's own realloc may need it
    ("pidfd_open", [], False),
    ("pipe2", [NO_UNWINDER], False),
    ("prctl", [], False),
    ("process_vm_readv", [], False),
    ("unlinkat", [], False),
])
def test_a_system_call_that_is_forbidden(name, how, said, is_plain, fake):
    record = suffer(fake, faults(fake, how, name), *said)
    assert record.counts == COUNTS
    assert is_plain is None or record.is_plain == is_plain


def test_neither_a_file_nor_a_copy_in_memory(fake):
    record = suffer(fake, faults(fake, "forbid", "madvise", "forbid", "memfd_create"),
                    PRIVATE, NO_COMPANION)
    assert record.counts == COUNTS and record.is_plain


# Killed is who makes the call: the program itself only where it has to be the shim that does.
@pytest.mark.parametrize("name", ["close_range", "execve", "fallocate", "kill",
                                  "memfd_create", "mkdirat", "pidfd_open"])
def test_a_system_call_that_is_deadly(name, fake):
    argv = faults(fake, "deadly", name)
    plain, told = fake.execute(argv), fake.execute(argv, fake.preload())
    assert (told.status, told.output) == (plain.status, plain.output)
    assert record_in(fake, told.errors).counts == COUNTS


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("first", [3, 2, 0])
def test_all_descriptors_are_closed(first, before, shim):
    """libpq's own, too. The output is gone with number 1, and so is what is said with 2."""
    argv = [shim.program("faults"), *["open"] * before, "closefrom", first, *WORDS]
    plain = shim.execute(argv)
    told = shim.execute(argv, shim.preload())
    assert told.behaviour() == plain.behaviour()
    record = record_in(shim, told.errors)
    assert record.opened == 7 + before and record.lost == 0 and not record.is_plain


CHROOT = """
import os, psycopg2
kept = [psycopg2.connect("")] if EARLY else []
os.chroot(ROOT)
os.chdir("/")
kept.append(psycopg2.connect(""))
kept.pop().close()
kept.append(psycopg2.connect(""))
os._exit(3)
"""


@needs_root
@pytest.mark.parametrize("is_early", [False, True])
def test_in_another_root(is_early, shim, tmp_path):
    """Neither ledger nor companion can be reached from there."""
    root = tmp_path / "root"
    root.mkdir()
    script = CHROOT.replace("EARLY", str(is_early)).replace("ROOT", repr(str(root)))
    argv = ["/usr/bin/python3", "-c", script]
    plain = shim.execute(argv)
    environment = shim.preload(log="stderr", format="text", dir="" if not is_early else
                               shim.ledgers)
    told = shim.execute(argv, environment)
    assert (told.status, told.output) == (plain.status, plain.output) == (3, "")
    record = record_in(shim, told.errors)
    assert record.counts == (2 + is_early, 1 + is_early)


@needs_root
@pytest.mark.parametrize("before", [0, 1])
def test_as_another_user(before, fake):
    """The first record is that user's, or the ledger is out of reach at the end."""
    for directory in (fake.directory, *fake.directory.parents[:-2]):
        directory.chmod(0o755)
    fake.reports.chmod(0o777)
    argv = faults(fake, *["open"] * before, "setuid", 65534)
    environment = fake.preload(dir="" if not before else fake.ledgers)
    plain, told = fake.execute(argv), fake.execute(argv, environment)
    assert (told.status, told.output) == (plain.status, plain.output)
    record = record_in(fake, told.errors)
    assert record.counts == (7 + before, 1 + before) and record.lost == 0


NAMESPACES = {
    "a user's": ["-U"],
    "a user's, as root": ["-U", "-r"],
    "of processes": ["-p", "-f"],
    "of processes, with a /proc": ["-p", "-f", "--mount-proc"],
    "all": ["-U", "-r", "-p", "-f", "-m", "-i", "-n", "-u", "--mount-proc"],
}


@needs_root
@pytest.mark.parametrize("name", NAMESPACES)
def test_in_a_namespace(name, fake):
    fake.reports.chmod(0o777)
    fake.ledgers.chmod(0o777 if name == "a user's" else 0o700)
    argv = ["unshare", *NAMESPACES[name], *faults(fake)]
    environment = fake.preload(dir="" if name == "a user's" else fake.ledgers)
    plain, told = fake.execute(argv), fake.execute(argv, environment)
    assert (told.status, told.output) == (plain.status, plain.output)
    record = record_in(fake, told.errors)
    assert (record.counts, record.lost, record.is_plain) == (COUNTS, 0, False), told.errors
    assert record.notices == []


@needs_root
def test_without_a_proc(fake):
    # The loader finds its $ORIGIN there.
    fake.base["LD_LIBRARY_PATH"] = str(fake.programs / "fake_libpq" / "first")
    argv = ["unshare", "-m", "sh", "-ec", 'mount -t tmpfs none /proc; exec "$@"', "sh",
            *faults(fake)]
    plain, told = fake.execute(argv), fake.execute(argv, fake.preload())
    assert (told.status, told.output) == (plain.status, plain.output)
    assert record_in(fake, told.errors).counts == COUNTS

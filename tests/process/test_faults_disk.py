"""A file system that becomes full at each page of the ledger's growth, and directories that
cannot be used: what is recorded is reported, also by who reads the file after a kill.
"""
import os

import pytest
from conftest import BUILD

from faults import ELSEWHERE, NO_COMPANION, PRIVATE, STOPPED, notices_in, record_in, suffer
from ledger import ledger_paths
from shim import total

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
MANY = 60
WORDS = ["open", "many", MANY, "open", "use", "close"]
COUNTS = (MANY + 2, 1)
# The header and the first step of each section; by pages where the first ones are, and then by
# half a step.
SIZES_KIB = [4, 8, 16, 40, 68, *range(80, 700, 68)]


def mounted(commands, argv):
    """Runs `argv` where the mounts that the commands make are its own."""
    return ["unshare", "-m", "--propagation=private", "/bin/sh", "-ec",
            f'{commands}; exec "$@"', "sh", *argv]


def full(fake, kib, *words):
    commands = f"mount -t tmpfs -o mode=700,size={kib}k full {fake.ledgers}"
    return mounted(commands, [fake.program("faults_fake"), *words])


@needs_root
@pytest.mark.parametrize("kib", SIZES_KIB)
def test_a_disk_that_is_full_after_so_much(kib, fake):
    argv = full(fake, kib, *WORDS)
    plain, told = fake.execute(argv), fake.execute(argv, fake.preload())
    assert (told.status, told.output) == (plain.status, plain.output)
    record = record_in(fake, told.errors)
    assert (record.counts, record.lost, record.is_plain) == (COUNTS, 0, False)
    assert record.notices in ([STOPPED], [])
    assert record.notices or kib > 400, "so much does not fit"


# At each size the file is read, in the namespace, after a kill.
@needs_root
@pytest.mark.parametrize("kib", SIZES_KIB[::3])
def test_what_a_full_disk_has_is_read_after_a_kill(kib, fake):
    argv = full(fake, kib, *WORDS, "kill", 9)
    keep = fake.directory / "kept"
    keep.mkdir(mode=0o700)
    argv[5] = argv[5].replace('exec "$@"', f'"$@" || cp -a {fake.ledgers}/. {keep}')
    told = fake.execute(argv, fake.preload())
    paths = ledger_paths(keep)
    if not paths:
        assert kib <= 4, "no room for a header"
        return
    said = notices_in(told.errors)
    result = fake.report_of(paths[0])
    assert result.status in (0, 1, 23), result.errors
    assert ("is incomplete" in result.errors) == (said == [STOPPED])
    assert total(result.report, "opened") <= COUNTS[0]
    assert said == [STOPPED] or total(result.report, "opened") == COUNTS[0]


@needs_root
def test_without_any_room_it_is_private_memory(fake):
    places = "/dev/shm /tmp"
    commands = f"mount --bind {fake.directory} /mnt; mount --bind {BUILD} /opt; " \
               f"for place in {places}; do mount -t tmpfs -o ro none $place; done"
    program = fake.program("faults_fake").replace(str(BUILD), "/opt")
    library = str(fake.library).replace(str(BUILD), "/opt")
    argv = mounted(commands, ["env", f"LD_PRELOAD={library}", program, *WORDS])
    environment = fake.preload(dir="/dev/shm/own", log="/mnt/reports/%p.json")
    del environment["LD_PRELOAD"]
    environment.pop("XDG_RUNTIME_DIR", None)
    told = fake.execute(argv, environment)
    record = record_in(fake, told.errors)
    assert (record.counts, record.notices, record.is_plain) == (COUNTS, [PRIVATE], False)


def make_read_only(place):
    place.mkdir()
    return f"mount -t tmpfs -o ro none {place}"


def make_other_users(place):
    place.mkdir(mode=0o700)
    os.chown(place, 65534, 65534)


def make_link_to_own(place):
    (place.parent / "own").mkdir(mode=0o700)
    place.symlink_to(place.parent / "own")


def make_link_to_other_users(place):
    (place.parent / "other").mkdir(mode=0o700)
    os.chown(place.parent / "other", 65534, 65534)
    place.symlink_to(place.parent / "other")


def make_file(place):
    place.write_text("")


def make_loop(place):
    place.symlink_to(place)


def make_open(place):
    place.mkdir()
    place.chmod(0o777)


@needs_root
@pytest.mark.parametrize("make", [make_read_only, make_other_users, make_link_to_own,
                                  make_link_to_other_users, make_file, make_loop, make_open])
def test_a_directory_that_is_not_to_be_trusted_is_said_and_another_serves(make, fake, tmp_path):
    place = tmp_path / "place"
    commands = make(place) or ":"
    argv = mounted(commands, [fake.program("faults_fake"), *WORDS])
    elsewhere = {"XDG_RUNTIME_DIR": str(tmp_path), "PQLEAK_KEEP": "1", "PQLEAK_DIR": str(place)}
    before = {path: path.stat() for path in tmp_path.iterdir() if path.name in ("own", "other")}
    record = suffer(fake, argv, ELSEWHERE, environment=elsewhere)
    assert (record.counts, record.is_plain) == (COUNTS, False)
    assert len(ledger_paths(tmp_path / "pqleak")) == 1
    assert all(not list(path.iterdir()) for path in before)
    assert not place.is_dir() or not list(place.iterdir())


@needs_root
def test_a_default_place_that_somebody_took_before_is_passed_over(fake, tmp_path):
    """/tmp is everybody's: another user, or a link, may be where ours would be."""
    user = os.geteuid()
    commands = "mount -t tmpfs -o mode=1777 none /dev/shm; mkdir -m 700 /dev/shm/other; " \
               f"chown 65534 /dev/shm/other; ln -s other /dev/shm/pqleak-{user}; " \
               f"mkdir {tmp_path}/shm; mount --bind /dev/shm {tmp_path}/shm"
    argv = mounted(commands, [fake.program("faults_fake"), *WORDS])
    argv[5] = argv[5].replace('exec "$@"', f'"$@"; ls -A /dev/shm/other >{tmp_path}/listed')
    environment = fake.preload(dir="")
    environment.pop("XDG_RUNTIME_DIR", None)
    told = fake.execute(argv, environment)
    record = record_in(fake, told.errors)
    assert (record.counts, record.notices, record.is_plain) == (COUNTS, [], False)
    assert (tmp_path / "listed").read_text() == ""


@needs_root
def test_a_log_on_a_full_disk(fake):
    """The report goes to standard error, whole, and why is said."""
    commands = f"mount -t tmpfs -o size=4k full {fake.reports}; " \
               f"head -c 4096 /dev/zero >{fake.reports}/full"
    argv = mounted(commands, [fake.program("faults_fake"), *WORDS])
    told = fake.execute(argv, fake.preload())
    record = record_in(fake, told.errors)
    assert (record.counts, record.is_plain) == (COUNTS, False)
    assert told.errors.count("No space left on device; the report goes to standard error") == 1


@needs_root
def test_neither_a_file_nor_a_copy_in_memory_leaves_the_plain_report(fake):
    argv = full(fake, 4, "forbid", "memfd_create", *WORDS)
    record = suffer(fake, argv, STOPPED, NO_COMPANION)
    assert record.counts == COUNTS and record.is_plain

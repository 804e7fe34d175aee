"""No descriptors, no memory, no processes: the program goes on as without the shim, and what
cannot be recorded, or reported well, is said.
"""
import os
import re

import pytest

from faults import (COUNTS, NO_COMPANION, NO_STACKS, NO_UNWINDER, NOTHING, PRIVATE, faults,
                    notices_in, record_in, suffer)


# A descriptor for the ledger's file, two for libunwind's pipe.
@pytest.mark.parametrize("more, said", [
    (0, [PRIVATE, NO_UNWINDER, NO_COMPANION]), (1, [PRIVATE, NO_UNWINDER, NO_COMPANION]),
    (2, [NO_UNWINDER]), *((more, []) for more in range(3, 9))])
def test_with_few_descriptors_left(more, said, fake):
    record = suffer(fake, faults(fake, "descriptors", more), *said)
    assert record.counts == COUNTS
    assert record.is_plain == (NO_COMPANION in said)


def test_stacks_are_whole_when_there_are_descriptors_again(fake):
    argv = faults(fake, "descriptors", 0, "open", "close", "descriptors", 9)
    result = fake.execute(argv, fake.preload())
    assert notices_in(result.errors) == [PRIVATE, NO_UNWINDER]
    (report,) = fake.take_reports()
    (site,) = [site for site in report["sites"] if site["endings"]["open"]]
    assert [frame["function"] for frame in site["opened_stack"]][:3] == \
        ["PQconnectdb", "open_one", "do_open"]


PIPES = """
import os, psycopg2, resource
spare = os.dup(1)
os.close(spare)
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
first = psycopg2.connect("")
resource.setrlimit(resource.RLIMIT_NOFILE, (spare + 1, hard))
try:
    psycopg2.connect("")
except psycopg2.OperationalError as error:
    print(error)
first.cursor().execute("select 1")
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
second = psycopg2.connect("")
second.close()
print(sorted(os.listdir("/proc/self/fd")))
"""


def test_a_python_program_at_its_limit_has_its_own_descriptors_afterwards(shim):
    """A pipe that libunwind made late would stay."""
    record = suffer(shim, ["/usr/bin/python3", "-c", PIPES])
    assert record.opened == 3


@pytest.mark.parametrize("more_kib", [0, 100, 200, 300, 400, 500, 600, 800, 1000, 1200, 1600, 2000,
                                      3000, 4000, 6000, 8000, 12000, 16000, 24000, 32000, 48000,
                                      64000, 66000, 68000, 72000, 100000, 150000, 200000, 400000])
def test_with_little_address_space_left(more_kib, fake):
    argv = faults(fake, "address_space", more_kib)
    plain = fake.execute(argv)
    told = fake.execute(argv, fake.preload())
    assert (told.status, told.output) == (plain.status, plain.output)
    said = notices_in(told.errors)
    assert set(said) <= {NOTHING, NO_STACKS, NO_UNWINDER, NO_COMPANION}
    record = record_in(fake, told.errors)
    assert (record is None) == (NOTHING in said), told.errors
    assert record is None or record.counts == COUNTS
    assert said == [] or more_kib < 64000
    assert said != [NOTHING] or more_kib < 1000


def test_most_of_the_address_space_is_left_to_the_program(fake):
    """Three quarters of what was left at the first record, less libunwind and our tables."""
    reserve = 120000
    result = fake.execute(faults(fake, "address_space", reserve, "open", "map", reserve // 2),
                          fake.preload())
    assert re.search(rf"^map {reserve // 2}, errno 0$", result.output, re.M), result.output


LITTLE = """
import psycopg2, resource
kept = [psycopg2.connect("")] if EARLY else []
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * 4096 + MORE * 1024,) * 2)
kept.append(psycopg2.connect(""))
kept[0].cursor().execute("select 1")
kept.pop().close()
print("done")
"""


@pytest.mark.parametrize("is_early", [False, True])
@pytest.mark.parametrize("more_kib", [4000, 8000, 16000, 32000])
def test_a_python_program_with_little_address_space_left(more_kib, is_early, shim):
    script = LITTLE.replace("EARLY", str(is_early)).replace("MORE", str(more_kib))
    argv = ["/usr/bin/python3", "-c", script]
    result = shim.execute(argv, shim.preload())
    assert (result.status, result.output) == (0, "done\n"), result.errors
    record = record_in(shim, result.errors)
    assert record.opened == 1 + is_early
    assert set(record.notices) <= {NO_COMPANION}


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for another user")
NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


@needs_root
@pytest.mark.parametrize("words", [["processes", 0], ["open", "processes", 0]])
def test_with_no_process_left_the_report_is_plain(words, fake):
    """RLIMIT_NPROC is not root's."""
    for directory in (fake.directory, *fake.directory.parents[:-2]):
        directory.chmod(0o755)
    for directory in (fake.ledgers, fake.reports):
        os.chown(directory, 65534, 65534)
    argv = [*NOBODY, *faults(fake, *words)]
    record = suffer(fake, argv, NO_COMPANION)
    assert record.is_plain and record.counts == (7 + len(words) - 2, 1 + len(words) - 2)

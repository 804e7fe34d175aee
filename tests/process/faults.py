"""Runs a program under a fault, with and without the shim: it behaves the same, what is said of
the fault is said once, and what was recorded is in the report.
"""
import json
import re
from dataclasses import dataclass

from shim import documents, total

PLAIN = re.compile(r"^pqleak: .* (\d+) connections opened, (\d+) finished, (\d+) open, .*"
                   r"plain report", re.M)

# What the shim may have to say: capture/notices.def.
PRIVATE = r"cannot write a ledger in '.*': .*; recording in private memory"
ELSEWHERE = r"cannot use PQLEAK_DIR '.*': .*; the ledger is in the default place"
STOPPED = r"cannot extend the ledger '.*': No space left on device; recording goes on in private .*"
NOTHING = r"cannot record in '.*': Cannot allocate memory; nothing is recorded"
NO_STACKS = r"cannot take stacks: Cannot allocate memory; .*"
NO_UNWINDER = r"libunwind cannot work now: .*; native stacks have one frame until it can: .*"
NO_COMPANION = r"cannot run the companion '.*': .*; the report is plain, .*"
NOTICES = (PRIVATE, ELSEWHERE, STOPPED, NOTHING, NO_STACKS, NO_UNWINDER, NO_COMPANION)


# What most programs do under their fault, and what is recorded of it: opened, left open.
WORDS = "open use many 5 spare open close".split()
COUNTS = (7, 1)


def faults(shim, *words):
    """The program on the fake libpq that does `words`, and then those."""
    return [shim.program("faults_fake"), *words, *WORDS]


@dataclass
class Record:
    """What somebody can read of what was recorded: a report, or a plain one."""
    opened: int
    open: int
    lost: int
    is_plain: bool
    notices: list  # those of NOTICES that were said

    @property
    def counts(self):
        return self.opened, self.open


def notices_in(errors):
    """Each of ours at most once, and none that is not known here."""
    said = []
    for line in errors.splitlines():
        said += [notice for notice in NOTICES if re.fullmatch("pqleak: " + notice, line)]
    assert len(said) == len(set(said)), f"said more than once: {errors}"
    return said


def record_in(shim, errors):
    """None when there is no report at all."""
    notices = notices_in(errors)
    texts = [path.read_text() for path in sorted(shim.reports.iterdir())]
    for path in shim.reports.iterdir():
        path.unlink()
    at = errors.find('{"schema"')  # where no log could be opened
    if at >= 0:
        texts.append(errors[at : json.JSONDecoder().raw_decode(errors, at)[1]])
    plain = [found for text in [*texts, errors] for found in PLAIN.findall(text)]
    reports = [report for text in texts if text.startswith("{") for report in documents(text)]
    assert len(plain) + len(reports) <= 1, f"more than one report: {texts} {errors}"
    if plain:
        opened, finished, still = map(int, plain[0])
        assert opened == finished + still
        return Record(opened, still, 0, True, notices)
    if not reports:
        return None
    return Record(total(reports[0], "opened"), total(reports[0], "open"),
                  total(reports[0], "lost_records"), False, notices)


def suffer(shim, argv, *notices, environment=None, **options):
    """Runs the program twice. `notices`: what is said, and nothing else is. Returns the record."""
    plain = shim.execute(argv, **options)
    told = shim.execute(argv, shim.preload() | (environment or {}), **options)
    assert (told.status, told.output) == (plain.status, plain.output), told.errors
    record = record_in(shim, told.errors)
    assert notices_in(told.errors) == list(notices), told.errors
    return record

"""The server is the judge: what it lists for a program is what the ledger says is open, and
the states and times it gives are those on record.
"""
import time
from dataclasses import dataclass

from layout import CONSTANTS
from ledger import open_ledger

# The ledger's word for each of the server's. What runs, or was sent, may be over on one side.
STATES = {
    "idle": {"LEDGER_TRANSACTION_UNKNOWN", "LEDGER_TRANSACTION_IDLE"},
    "idle in transaction": {"LEDGER_TRANSACTION_INTRANS"},
    "idle in transaction (aborted)": {"LEDGER_TRANSACTION_INERROR"},
}
ACTIVE = CONSTANTS["LEDGER_TRANSACTION_ACTIVE"]
# Between the server's clock when it was told and the program's when that returned, or before
# it called: one round trip, on a busy machine.
ROUND_TRIP_NS = 1_000_000_000
# A coarse clock's tick, and how far two clocks of one machine part in a test's time.
TICK_NS = 20_000_000


@dataclass
class Sight:
    """One connection at one step: what the server says, and what the ledger. All times are
    nanoseconds of the real-time clock; 0 is none. Of a transaction that was aborted as a whole
    the server has no start any more."""
    state: str
    xact_start: int
    state_change: int
    transaction: int
    begun: int
    last_use: int


def names_of(transaction):
    return {name for name, value in CONSTANTS.items()
            if name.startswith("LEDGER_TRANSACTION_") and value == transaction}


def see(ledger, activity):
    """What both say of the connections that the ledger has open, by backend."""
    header = ledger.header

    def realtime(monotonic):
        return monotonic and header.started_at_realtime_ns + monotonic - header.started_at_ns

    return {record.backend_pid: Sight(*activity[record.backend_pid], record.transaction,
                                      realtime(record.begun_at_ns),
                                      realtime(record.last_use_at_ns))
            for record in ledger.connections("LEDGER_OPEN")
            if record.backend_pid in activity}


def assert_states_agree(sights):
    """The backends idle in a transaction, aborted or not, are those of the ledger."""
    for pid, sight in sights.items():
        if sight.transaction == ACTIVE or sight.state == "active":
            continue
        assert names_of(sight.transaction) <= STATES[sight.state], (
            f"backend {pid} is {sight.state}, the ledger has {names_of(sight.transaction)}")


def assert_times_agree(sights):
    for pid, sight in sights.items():
        if sight.state == "active" or sight.transaction == ACTIVE or not sight.xact_start:
            continue
        assert abs(sight.begun - sight.xact_start) < ROUND_TRIP_NS, (
            f"backend {pid} is in a transaction since {sight.xact_start}, "
            f"in the ledger since {sight.begun}")


def assert_server_agrees(database, ledger_directory, pid):
    """Call while the program stands still, between two of its own steps.

    What the ledger has open, the server lists now. What the server lists beyond that
    must be a backend that was told to end and has not yet: it is waited for.
    """
    return set(sights_of(database, ledger_directory, pid))


def assert_backends_agree(database, ledger_directory, pid):
    """The same without what state each is in. Returns the ledger, if there is one."""
    ledger = open_ledger(ledger_directory, pid)
    recorded = ledger.open_backends() if ledger else set()
    listed = database.backends()
    assert recorded <= listed, f"the ledger has {recorded - listed} open, the server has not"
    if listed > recorded:
        database.wait_for_end(listed - recorded)
        listed = database.backends()
    assert listed == recorded, f"the server lists {listed - recorded}, the ledger does not"
    return ledger


def sights_of(database, ledger_directory, pid):
    ledger = assert_backends_agree(database, ledger_directory, pid)
    if not ledger:
        return {}
    sights = see(ledger, database.activity())
    assert set(sights) == ledger.open_backends()
    ledger.close()
    assert_states_agree(sights)
    assert_times_agree(sights)
    return sights


class Steps:
    """What changed since the last step changed in between, on both sides."""

    def __init__(self):
        self.before = {}
        self.went_on_at = 0
        self.agreed = set() # states that a connection was in, by both

    def assert_in_between(self, at, what):
        now = time.time_ns()
        assert self.went_on_at - TICK_NS <= at <= now + TICK_NS, (
            f"{what} {(at - self.went_on_at) / 1e9:.3f} s after the step before, "
            f"{(now - at) / 1e9:.3f} s before this one")

    def assert_changes_agree(self, pid, sight):
        before = self.before.get(pid)
        if before and sight.xact_start and sight.xact_start == before.xact_start:
            assert sight.begun == before.begun, (
                f"backend {pid} is in the same transaction, the ledger begins another")
        elif sight.xact_start and sight.begun:
            self.assert_in_between(sight.begun, f"backend {pid}: its transaction was begun")
        if before and sight.state_change != before.state_change and sight.last_use:
            self.assert_in_between(sight.last_use, f"backend {pid}: it was last used")

    def look(self, sights):
        for pid, sight in sights.items():
            self.assert_changes_agree(pid, sight)
            if sight.transaction != ACTIVE:
                self.agreed.add(sight.state)
        self.before = sights
        self.went_on_at = time.time_ns()


def follow(stepping, database, shim, steps=None):
    """Compares server and ledger at each step; returns the most that was open, and how it ended."""
    peak, count, steps = 0, 0, steps or Steps()
    for pid in stepping:
        sights = sights_of(database, shim.ledgers, pid)
        steps.look(sights)
        peak = max(peak, len(sights))
        count += 1
    _, errors, status = stepping.finish()
    return peak, count, errors, status

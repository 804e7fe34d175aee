"""The transactions on record are the server's, after each step of each of libpq's protocols."""
import pytest

from oracle import Sight, Steps, assert_states_agree, assert_times_agree, follow
from layout import CONSTANTS
from stepping import Stepping

IDLE, INTRANS, ABORTED = "idle", "idle in transaction", "idle in transaction (aborted)"
WAYS = {
    "simple": {IDLE, INTRANS, ABORTED},
    "extended": {IDLE, INTRANS, ABORTED},
    "asynchronous": {IDLE, INTRANS, ABORTED},
    "pipeline": {IDLE, INTRANS, ABORTED},
    "copy": {IDLE, INTRANS, ABORTED},
    "large_objects": {IDLE, INTRANS},
    "reset": {IDLE, INTRANS},
}


@pytest.mark.parametrize("way", WAYS)
def test_server_and_ledger_agree_on_transactions(way, shim, database):
    steps = Steps()
    with Stepping([shim.program("transactions"), way], shim.preload()) as stepping:
        peak, count, errors, status = follow(stepping, database, shim, steps)
    assert (peak, errors, status) == (1, b"", 0)
    assert count >= 5
    assert steps.agreed == WAYS[way], "both were seen in each of these states"
    (site,) = shim.take_reports()[0]["sites"]
    assert site["verdict"] == "ok"


SECOND = 1_000_000_000


def sight(state=INTRANS, transaction="INTRANS", **times):
    values = {"xact_start": 100 * SECOND, "state_change": 100 * SECOND, "begun": 100 * SECOND,
              "last_use": 100 * SECOND} | times
    return Sight(state=state, transaction=CONSTANTS[f"LEDGER_TRANSACTION_{transaction}"],
                 **values)


@pytest.mark.parametrize("state, transaction", [
    (IDLE, "INTRANS"), (INTRANS, "IDLE"), (INTRANS, "UNKNOWN"), (INTRANS, "INERROR"),
    (ABORTED, "INTRANS"), (INTRANS, "LOST")])
def test_the_judge_sees_another_state(state, transaction):
    with pytest.raises(AssertionError):
        assert_states_agree({1: sight(state, transaction)})
    assert_states_agree({1: sight(state, "ACTIVE")})


@pytest.mark.parametrize("begun", [0, 98 * SECOND, 102 * SECOND])
def test_the_judge_sees_another_time(begun):
    with pytest.raises(AssertionError):
        assert_times_agree({1: sight(begun=begun)})
    assert_times_agree({1: sight()})


@pytest.mark.parametrize("changed", [
    {"begun": 101 * SECOND},
    {"xact_start": 101 * SECOND},
    {"state_change": 101 * SECOND}])
def test_the_judge_sees_what_did_not_change_together(changed):
    steps = Steps()
    steps.before = {1: sight()}
    steps.went_on_at = 200 * SECOND
    steps.look({1: sight()})
    with pytest.raises(AssertionError):
        steps.look({1: sight(**changed)})

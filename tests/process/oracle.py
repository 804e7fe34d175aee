"""The server is the judge: what it lists for a program is what the ledger says is open."""
from ledger import open_ledger


def assert_server_agrees(database, ledger_directory, pid):
    """Call while the program stands still, between two of its own steps.

    What the ledger has open, the server lists now. What the server lists beyond that
    must be a backend that was told to end and has not yet: it is waited for.
    """
    ledger = open_ledger(ledger_directory, pid)
    recorded = ledger.open_backends() if ledger else set()
    if ledger:
        ledger.close()
    listed = database.backends()
    assert recorded <= listed, f"the ledger has {recorded - listed} open, the server has not"
    if listed > recorded:
        database.wait_for_end(listed - recorded)
        listed = database.backends()
    assert listed == recorded, f"the server lists {listed - recorded}, the ledger does not"
    return recorded


def follow(stepping, database, shim):
    """Compares server and ledger at each step; returns the most that was open, and how it ended."""
    peak, steps = 0, 0
    for pid in stepping:
        peak = max(peak, len(assert_server_agrees(database, shim.ledgers, pid)))
        steps += 1
    _, errors, status = stepping.finish()
    return peak, steps, errors, status

"""libpq 12 to 18, each with its own server: what can differ between them.

LD_LIBRARY_PATH chooses the libpq of every program here.
"""
import contextlib
import re
import subprocess
from collections import Counter

import psycopg2
import pytest

from layout import CONSTANTS
from ledger import open_ledger
from oracle import assert_server_agrees, follow
from shim import SOURCE, total
from stepping import Stepping
from test_endings import C_ENDINGS

TABLE = SOURCE / "shim" / "capture" / "libpq_calls.def"
OPENING = ("CREATE", "START")
USING = ("USE", "RESET_START")


@pytest.fixture
def server(major):
    return major.server


@pytest.fixture
def shim(shim, major):
    shim.base["LD_LIBRARY_PATH"] = str(major.libraries)
    return shim


def wrapped_calls():
    """The class of each wrapped call."""
    rows = re.findall(r"^LIBPQ_CALL\((\w+), [^,]*, (\w+)", TABLE.read_text(), flags=re.M)
    return {name: kind for kind, name in rows}


def exported_calls(libpq):
    output = subprocess.run(["nm", "-D", "--defined-only", libpq], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    return {line.split()[2].split("@")[0] for line in output.splitlines()}


def said(output):
    """(call, its class, transaction status or None) of each line of every_call."""
    kinds = wrapped_calls()
    rows = re.findall(r"^(\w+): .*?(?: \| transaction (\d))?$", output, flags=re.M)
    assert len(rows) == len(output.splitlines())
    return [(call, kinds.get(call), int(status) if status else None) for call, status in rows]


def major_of(report):
    ((version,),) = [[libpq["version"] for libpq in process["libpq"]]
                     for process in report["processes"]]
    return version // 10000


def newest(records, moment):
    return max(records, key=lambda record: getattr(record, moment), default=None)


class Look:
    """What the ledger says while the program stands at a step."""

    def __init__(self, ledger):
        records = list(ledger.connections())
        created, used, ended = (newest(records, moment) for moment in
                                ("serial", "last_use_at_ns", "ended_at_ns"))
        self.calls = {kind: ledger.innermost_call(used.last_use_stack) for kind in USING}
        self.calls |= {kind: ledger.innermost_call(created.opened_stack) for kind in OPENING}
        self.calls["FINISH"] = ledger.innermost_call(ended.closed_stack)
        self.uses = sum(record.uses for record in records)
        self.transactions = {record.transaction for record in records
                             if record.state == CONSTANTS["LEDGER_OPEN"]}
        self.opened, self.finished = ledger.header.opened, ledger.header.finished


def looks_at_each_step(stepping, database, shim):
    for pid in stepping:
        assert_server_agrees(database, shim.ledgers, pid)
        ledger = open_ledger(shim.ledgers, pid)
        yield Look(ledger)
        ledger.close()


def test_every_wrapped_call_is_reached_and_gives_what_it_gave(shim, database, major):
    """Arguments and results pass unchanged; the ledger has each call, once, and what libpq says of
    the transaction after it; a PGcancelConn is no connection."""
    program = [shim.program("every_call/every_call")]
    result = shim.assert_same(program)
    assert result.status == 0, result.errors
    wanted = wrapped_calls().keys() & exported_calls(major.libpq)
    assert wanted - {call for call, _, _ in said(result.output)} == set()

    with Stepping(program, shim.preload()) as stepping:
        looks = list(looks_at_each_step(stepping, database, shim))
        output, _, status = stepping.finish()
    assert status == 0
    lines = said(output.decode())
    assert [row[0] for row in lines] == [row[0] for row in said(result.output)]
    opened = uses = 0
    for (call, kind, transaction), look in zip(lines, looks, strict=True):
        assert look.calls.get(kind, call) == call
        opened += kind in OPENING
        uses += kind in USING
        assert (look.opened, look.uses) == (opened, uses), call
        if transaction is not None and kind not in (*OPENING, "POLL"):
            assert transaction + 1 in look.transactions, call
    assert look.finished == opened
    assert "sockets: 0 are left" in output.decode()
    assert major_of(result.report) == major.number
    assert {site["verdict"] for site in result.report["sites"]} == {"ok"}


def test_every_ending_is_told_as_it_is_of_the_linked_libpq(shim):
    """All of them in one run: a shell starts one after the other, and says their statuses."""
    names = [row[0] for row in C_ENDINGS] + ["ping", "none"]
    script = 'for name; do "$program" "$name"; echo "$name: $?"; done'
    shim.base["program"] = shim.program("endings")
    argv = ["sh", "-c", script, "sh", *names]
    plain, result = shim.run_plain(argv), shim.run_companion(argv)
    assert (result.output, result.errors) == (plain.output, plain.errors)
    assert (plain.status, result.status) == (0, 23)
    ended = {process["pid"]: process["ended"] for process in result.report["processes"]}
    told = Counter()
    for site in result.report["sites"]:
        (ending,) = [name for name, count in site["endings"].items() if count]
        how = "".join(close["how"] for close in site["close_stacks"])
        for connection in site["connections"]:
            told[ending, how, ended[connection["pid"]], site["verdict"]] += 1
            is_failed = how == "failed connect" or ending == "failed_unfinished"
            assert connection["sqlstate"] == ("3D000" if is_failed else "")
    # A signal is known of the program that `pqleak run` itself started; here that is the shell.
    assert told == Counter(row[2:4] + (row[4].replace("signal", "killed"), row[5])
                           for row in C_ENDINGS)


@pytest.fixture
def failing_connect(shim):
    """Runs a program whose connect must fail, and gives the SQLSTATE it is told with."""

    def run(**environment):
        shim.base.update(environment)
        result = shim.assert_same([shim.program("endings"), "open"])
        assert "FATAL" in result.errors
        exhausted, report = result.reports
        assert (exhausted["reason"], total(exhausted, "opened")) == ("exhaustion", 1)
        assert (total(report, "opened"), total(report, "failed")) == (1, 1)
        (site,) = report["sites"]
        assert (site["verdict"], site["endings"]["failed_unfinished"]) == ("failed", 1)
        return result.errors, site["connections"][0]["sqlstate"]

    return run


@pytest.fixture
def role(server, database):
    """One that is no superuser, and may not connect."""
    name = f"role_{database.name}"
    server.query(f"create role {name} login connection limit 0")
    yield name
    server.query(f"drop role {name}")


def test_a_roles_limit_is_told_by_its_sqlstate(failing_connect, role):
    errors, sqlstate = failing_connect(PGUSER=role)
    assert "too many connections for role" in errors
    assert sqlstate == "53300"


def connect_until_full(conninfo):
    """Takes every slot that the server has."""
    with contextlib.ExitStack() as connections:
        with pytest.raises(psycopg2.OperationalError, match="too many clients"):
            while True:
                connections.callback(psycopg2.connect(conninfo).close)
        return connections.pop_all()


def test_a_full_server_is_told_by_its_sqlstate(failing_connect, server, database, role):
    """It refuses at two places: before it knows who it is, and when only the slots of superusers
    are left."""
    conninfo = server.conninfo(database.name)
    with connect_until_full(conninfo):
        errors, sqlstate = failing_connect()
        assert "too many clients already" in errors
        assert sqlstate == "53300"
        (reserved,) = server.query("show superuser_reserved_connections")[0]
        for pid in sorted(database.backends())[:int(reserved)]:
            server.query("select pg_terminate_backend(%s)", (pid,))
            database.wait_for_end([pid])
        server.query(f"alter role {role} connection limit -1")
        errors, sqlstate = failing_connect(PGUSER=role)
        assert "slots are reserved" in errors
        assert sqlstate == "53300"


@pytest.mark.parametrize("mode, verdict", [("closes", "ok"), ("leaks", "held")])
def test_debians_psycopg2_works_with_each_libpq(shim, database, programs, major, mode, verdict):
    driver = programs / "clients" / "python" / "psycopg2_driver.py"
    with Stepping(["/usr/bin/python3", driver, mode], shim.preload()) as stepping:
        peak, steps, errors, status = follow(stepping, database, shim)
    assert (status, errors) == (0, b"")
    assert peak >= 1 and steps > 2
    (report,) = shim.take_reports()
    assert major_of(report) == major.number
    assert verdict in {site["verdict"] for site in report["sites"]}

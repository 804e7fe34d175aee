"""Connections whose socket is gone though nobody called PQfinish: closed unseen, never a leak.
Its number alone proves nothing, and what is still there stays a leak.
"""
import os
import shutil
import signal

import pytest

from ledger import open_ledger
from layout import CONSTANTS
from shim import has_failure, total
from stepping import Stepping
from test_signal import is_complete, wait_until

# What closed_unseen.c does, what it says, and of those with a socket, how they ended.
UNSEEN = {"close": "", "close_in_transaction": "", "close_all": "", "file": "reused\n"}
SEEN = {
    "finish": ("", {"closed": 1}, "ok"),
    "nothing": ("", {"open": 1}, "leak"),
    "reset": ("status 0\n", {"open": 1}, "leak"),
    "reset_slowly": ("status 0\n", {"open": 1}, "leak"),
    "reset_half": ("", {"open": 1}, "leak"),
    "reset_closed": ("status 0\n", {"open": 1}, "leak"),
    "restore": ("", {"open": 1}, "leak"),
    "child": ("", {"open": 1}, "leak"),
    "lose": ("status 1\n", {"open": 1}, "leak"),
    "lose_reset": ("status 1\n", {"open": 1}, "leak"),
}


def endings(site):
    return {name: count for name, count in site["endings"].items() if count}


def assert_unseen(report, count=1):
    (site,) = report["sites"]
    assert (site["verdict"], endings(site)) == ("held", {"closed_unseen": count})
    assert (total(report, "closed_unseen"), total(report, "open")) == (count, 0)
    assert {connection["ending"] for connection in site["connections"]} == {"closed_unseen"}
    assert {connection["transaction"] for connection in site["connections"]} == {"unknown"}
    assert site["in_transaction"] == 0
    assert not has_failure(report)
    return site


@pytest.mark.parametrize("way", UNSEEN)
def test_a_socket_that_is_gone_is_closed_unseen(way, shim):
    result = shim.assert_same([shim.program("closed_unseen"), way, "exit"])
    assert (result.output, result.status) == (UNSEEN[way], 0)
    site = assert_unseen(result.report)
    assert site["diagnosis"].startswith("closed past libpq: the socket is gone")
    assert "PQfinish" in site["cure"]
    assert site["user_line"]["function"] == "main"


@pytest.mark.parametrize("way", SEEN)
def test_what_is_still_there_is_what_it_was(way, shim):
    output, wanted, verdict = SEEN[way]
    result = shim.assert_same([shim.program("closed_unseen"), way, "exit"])
    assert (result.output, result.status) == (output, 0)
    (site,) = (site for site in result.report["sites"] if site["user_line"]["function"] == "main")
    assert (site["verdict"], endings(site)) == (verdict, wanted)


def test_the_next_connection_on_the_same_number_is_another_one(shim):
    result = shim.assert_same([shim.program("closed_unseen"), "connection", "exit"])
    assert result.output == "reused\n"
    sites = {site["verdict"]: site for site in result.report["sites"]}
    assert {verdict: endings(site) for verdict, site in sites.items()} == {
        "held": {"closed_unseen": 1}, "leak": {"open": 1}}
    assert sites["leak"]["user_line"]["function"] == "do_connection"


@pytest.mark.parametrize("end, ended, status", [("_exit", "_exit", 3), ("exec", "exec", 0)])
def test_it_is_seen_however_the_process_ends(end, ended, status, shim):
    argv = [shim.program("closed_unseen"), "close", end]
    result = shim.run_companion(argv)
    assert result.status == status
    (process,) = result.report["processes"]
    assert process["ended"] == ended
    assert_unseen(result.report)
    # The twin.
    result = shim.run_companion([argv[0], "nothing", end])
    (site,) = result.report["sites"]
    assert (site["verdict"], endings(site)) == ("leak", {"abandoned": 1})


def test_pqleak_run_does_not_fail_for_it(shim):
    result = shim.run_companion([shim.program("closed_unseen"), "close", "exit"])
    assert (result.status, result.report["exit_status"]) == (0, 0)


def test_a_libpq_that_is_not_wrapped_finished_it(shim):
    result = shim.assert_same([shim.program("past_wrappers"), "-unseen"])
    site = assert_unseen(result.report)
    assert "a libpq that is not wrapped" in site["diagnosis"]


def test_a_python_program_closed_the_descriptor(shim, python):
    code = ("import os, psycopg2\n"
            "connection = psycopg2.connect('')\n"
            "os.close(connection.fileno())\n"
            "os._exit(0)\n")
    result = shim.assert_same([python, "-c", code])
    assert_unseen(result.report)
    result = shim.run_preloaded([python, "-c", code.replace("os.close(", "(")])
    (site,) = result.report["sites"]
    assert (site["verdict"], endings(site)) == ("leak", {"abandoned": 1})


@pytest.mark.parametrize("way, is_open", [("close", False), ("nothing", True)])
def test_the_plain_report_says_it(way, is_open, shim, tmp_path):
    """The shim alone in a directory: there is no companion that it could start."""
    place = tmp_path / "lonely"
    place.mkdir()
    library = shutil.copy(shim.library, place)
    environment = shim.preload(library, log="stderr", format="text") | {"PATH": "/usr/bin:/bin"}
    result = shim.execute([shim.program("closed_unseen"), way, "exit"], environment)
    assert (", closed unseen: its socket is gone" in result.errors) == (not is_open)
    assert ("OPEN  1 opened" in result.errors) == is_open
    assert f"{int(is_open)} open, peak 1 open; plain report" in result.errors


def test_the_text_report_is_a_note(shim):
    environment = shim.preload(log="stderr", format="text")
    result = shim.execute([shim.program("closed_unseen"), "close", "exit"], environment)
    assert "\nunseen    1 connection to postgres@127.0.0.1:" in result.errors
    assert "cause   closed past libpq: the socket is gone, by close()" in result.errors


def state_on_record(shim, pid):
    ledger = open_ledger(shim.ledgers, pid)
    (record,) = ledger.connections()
    ledger.close()
    return next(name for name in ("LEDGER_OPEN", "LEDGER_CLOSED_UNSEEN")
                if CONSTANTS[name] == record.state)


def report_by_signal(shim, pid):
    os.kill(pid, signal.SIGUSR2)
    path = shim.reports / f"{pid}.json"
    wait_until(lambda: is_complete(path), "the report is there")
    (report,) = shim.take_reports()
    return endings(report["sites"][0])


@pytest.mark.parametrize("way, before", [("close_and_restore", "LEDGER_CLOSED_UNSEEN"),
                                         ("close_and_use", "LEDGER_OPEN")])
def test_a_report_by_signal_marks_and_the_next_or_a_use_takes_it_back(way, before, shim):
    """Closed, asked; put back, or used as well, asked again."""
    argv = [shim.program("closed_unseen"), way, "exit"]
    with Stepping(argv, shim.preload(signal="USR2")) as stepping:
        seen = []
        for pid in stepping:
            seen.append((state_on_record(shim, pid), report_by_signal(shim, pid),
                         state_on_record(shim, pid)))
        assert stepping.finish()[2] == 0
    assert seen == [("LEDGER_OPEN", {"closed_unseen": 1}, "LEDGER_CLOSED_UNSEEN"),
                    (before, {"open": 1}, "LEDGER_OPEN")]


class TestWhileItRuns:
    @pytest.mark.parametrize("way, ended", [("close", {"closed_unseen": 1}),
                                            ("file", {"closed_unseen": 1}),
                                            ("lose", {"open": 1}),
                                            ("close_in_transaction", {"closed_unseen": 1}),
                                            ("nothing", {"open": 1}), ("reset", {"open": 1}),
                                            ("reset_half", {"open": 1}),
                                            ("restore", {"open": 1})])
    def test_a_report_from_outside_looks_for_itself(self, way, ended, shim, database):
        """The shim has marked nothing: it was not asked."""
        with Stepping([shim.program("closed_unseen"), way, "exit"], shim.preload()) as stepping:
            for pid in stepping:
                ledger = open_ledger(shim.ledgers, pid)
                assert not list(ledger.connections("LEDGER_CLOSED_UNSEEN"))
                ledger.close()
                if "closed_unseen" in ended:
                    database.wait_for_end(database.backends())
                    assert database.backends() == set()
                report = shim.report_of("--pid", str(pid)).report
                (site,) = report["sites"]
                assert (site["verdict"], endings(site)) == ("held", ended)
                assert site["in_transaction"] == 0
                if "closed_unseen" in ended:
                    assert_unseen(report)
                else:
                    assert total(report, "open") == 1
            stepping.finish()

    def test_in_the_middle_of_a_reset_nothing_is_claimed(self, shim, database):
        """The old socket is closed, and the server lets the program wait for the next."""
        postmaster = database.server.process
        with Stepping([shim.program("closed_unseen"), "reset_later", "exit"],
                      shim.preload()) as stepping:
            steps = iter(stepping)
            pid = next(steps)
            backends = database.backends()
            postmaster.send_signal(signal.SIGSTOP)
            try:
                os.write(stepping.to_program, b".")
                wait_until(lambda: not database.backends() & backends, "the old backend ended")
                (site,) = shim.report_of("--pid", str(pid)).report["sites"]
            finally:
                postmaster.send_signal(signal.SIGCONT)
            assert endings(site) == {"open": 1}
            # The iteration has not written yet what it went on with: now it does.
            os.read(stepping.from_program, 1)
            os.write(stepping.to_program, b".")
            output, _, status = stepping.finish()
        assert (output, status) == (b"status 0\n", 0)

    def test_who_may_not_look_says_nothing_of_it(self, shim):
        """Another user's descriptors are not to be seen; nor those of a process that is gone."""
        with Stepping([shim.program("closed_unseen"), "close", "wait"], shim.preload()) as stepping:
            steps = iter(stepping)
            pid = next(steps)
            os.kill(pid, signal.SIGKILL)
            stepping.process.wait()
            report = shim.report_of("--pid", str(pid)).report
        (site,) = report["sites"]
        assert (site["verdict"], endings(site)) == ("leak", {"abandoned": 1})
        assert report["processes"][0]["ended"] == "killed"

"""The companion by itself: command lines, statuses, signals, logs and ledgers, with
programs that write ledgers made by hand instead of using libpq.
"""
import json
import os
import pathlib
import pty
import re
import select
import signal
import socket
import stat
import subprocess
import sys
import time

import pytest

from layout import CONSTANTS
from made_ledger import MadeLedger
from shim import SOURCE, validated

BUILD = pathlib.Path(os.environ.get("PQLEAK_BUILD_DIR", SOURCE / "build")).absolute()
COMPANION = BUILD / "shim" / "cli" / "pqleak"
LIBRARY = BUILD / "shim" / "libpqleak.so"
TIMEOUT = 60

# Begins every Python program that `pqleak run` runs here.
PRELUDE = f"""
import os, pathlib, signal, sys
sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})
from made_ledger import MadeLedger
def leave(ended="LEDGER_PROCESS_EXIT", **fields):
    ledger = MadeLedger(pid=os.getpid(), ended=ended)
    return ledger.leak(**fields).write(pathlib.Path(os.environ["PQLEAK_DIR"]))
"""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for another user")
NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


@pytest.fixture
def place(tmp_path):
    path = tmp_path / "place"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def environment(place):
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("PQLEAK", "LD_", "DEBUGINFOD", "XDG_", "NO_COLOR"))}
    return kept | {"PQLEAK_DIR": str(place), "LC_ALL": "C.UTF-8"}


@pytest.fixture
def pqleak(environment):
    def run(*arguments, extra=(), **options):
        return subprocess.run([COMPANION, *map(str, arguments)], env=environment | dict(extra),
                              text=True, errors="surrogateescape", timeout=TIMEOUT,
                              **({"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                                  "stderr": subprocess.PIPE} | options))

    return run


def python(program):
    return [sys.executable, "-c", PRELUDE + program]


def is_one_line(text):
    return re.fullmatch(r"pqleak[^\n]*: [^\n]+\n", text) is not None


# Statuses.

@pytest.mark.parametrize("status", [0, 1, 2, 77, 255])
def test_run_ends_with_the_programs_status(status, pqleak):
    assert pqleak("run", "--", "sh", "-c", f"exit {status}").returncode == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV])
def test_run_ends_as_a_shell_does_when_a_signal_ended_the_program(number, pqleak):
    assert pqleak("run", "--", "sh", "-c", f"kill -{int(number)} $$").returncode == 128 + number


@pytest.mark.parametrize("options, program_status, status", [
    ([], 0, 23),
    ([], 5, 5),
    (["--exitcode=42"], 0, 42),
    (["--exitcode=42"], 5, 5),
    (["--exitcode=0"], 0, 23),
    (["--fail-on=none"], 0, 0),
    (["--fail-on=stuck,held"], 0, 0),
    (["--fail-on=leak"], 0, 23),
])
def test_a_failing_report_decides_only_when_the_program_succeeded(options, program_status, status,
                                                                  pqleak):
    program = python(f"leave(); sys.exit({program_status})")
    result = pqleak("run", "--format=json", *options, "--", *program)
    assert result.returncode == status
    assert validated(result.stderr)["exit_status"] == status


@pytest.mark.parametrize("arguments, words", [
    ([], "command is missing"),
    (["nosuch"], "'nosuch'"),
    (["run"], "needs a program"),
    (["run", "--"], "needs a program"),
    (["run", "--verbose"], "needs a program"),
    (["run", "--nosuch", "true"], "--nosuch"),
    (["report", "--nosuch"], "--nosuch"),
    (["report", "--pid=many"], "'many'"),
    (["report", "--pid=0"], "'0'"),
    (["report", "--pid=1", "file"], "not both"),
    (["report", "--final"], "--final"),
    (["report", "--final", "one", "two"], "--final"),
    (["symbolize", "one", "two"], "one file"),
    (["help", "run"], "pqleak run --help"),
])
def test_a_wrong_command_line_is_refused_in_words(arguments, words, pqleak):
    result = pqleak(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr


BAD_VALUES = [
    ("format", "xml"), ("signal", "KILL"), ("exitcode", "256"), ("exitcode", "-1"),
    ("fail-on", "leak,nonsense"), ("depth", "0"), ("depth", "257"), ("track", "everything"),
    ("keep", "yes"), ("ledger-max", "1K"), ("ledger-max", "5G"), ("verbose", "2"),
]


@pytest.mark.parametrize("command", ["run", "report"])
@pytest.mark.parametrize("name, value", BAD_VALUES)
def test_a_bad_value_of_an_option_is_refused_with_those_that_are_allowed(command, name, value,
                                                                        pqleak, tmp_path):
    result = pqleak(command, f"--{name}={value}", *(["--", "touch", tmp_path / "made"]
                                                    if command == "run" else []))
    assert (result.returncode, result.stdout) == (2, "")
    assert is_one_line(result.stderr)
    assert f"--{name}='{value}'" in result.stderr and "give " in result.stderr
    assert not (tmp_path / "made").exists()


def test_a_bad_value_in_the_environment_is_said_once_and_kept_from_the_program(pqleak):
    result = pqleak("run", "--", "sh", "-c", "echo ${PQLEAK_FORMAT-none}",
                    extra={"PQLEAK_FORMAT": "xml"})
    assert (result.returncode, result.stdout) == (0, "none\n")
    assert result.stderr.count("xml") == 1 and "text or json" in result.stderr


@pytest.mark.parametrize("program, status, words", [
    ("/no/such/program", 127, "No such file"),
    ("no-such-program", 127, "No such file"),
    ("/etc/passwd", 126, "Permission denied"),
    ("/etc", 126, "Permission denied"),
])
def test_a_program_that_cannot_be_run_is_named(program, status, words, pqleak, place):
    result = pqleak("run", "--", program)
    assert (result.returncode, result.stdout) == (status, "")
    assert is_one_line(result.stderr)
    assert f"cannot run '{program}': {words}" in result.stderr
    assert not list(place.iterdir())


def test_a_companion_without_its_shim_runs_nothing(pqleak, tmp_path, environment):
    lonely = tmp_path / "pqleak"
    lonely.write_bytes(COMPANION.read_bytes())
    lonely.chmod(0o755)
    result = subprocess.run([lonely, "run", "--", "touch", tmp_path / "made"], env=environment,
                            capture_output=True, text=True, timeout=TIMEOUT)
    assert result.returncode == 125 and is_one_line(result.stderr)
    assert "libpqleak.so" in result.stderr and not (tmp_path / "made").exists()


def test_help_and_version_go_to_standard_output(pqleak):
    for arguments in (["help"], ["--help"], ["run", "--help"], ["report", "--help"]):
        result = pqleak(*arguments)
        assert (result.returncode, result.stderr) == (0, "")
        assert "--fail-on" in result.stdout or "PQLEAK_FAIL_ON" in result.stdout
    assert re.fullmatch(r"pqleak \d+\.\d+\.\d+\n", pqleak("--version").stdout)
    assert pqleak("run", "--version").stdout == pqleak("--version").stdout


# What the program gets.

def test_the_program_gets_its_arguments_and_streams_unchanged(pqleak):
    result = pqleak("run", "sh", "-c", 'cat; echo "$@"; echo err >&2', "sh", "-v", "--log=x", "--",
                    stdin=None, input="in\n")
    assert result.stdout == "in\n-v --log=x --\n"
    assert result.stderr.startswith("err\n")


def test_the_program_gets_the_shim_before_what_is_preloaded_and_a_private_directory(pqleak):
    result = pqleak("run", "--", *python("""
print(os.environ["LD_PRELOAD"])
print(os.environ["PQLEAK_COLLECT"], os.environ["PQLEAK_DEPTH"], os.environ["DEBUGINFOD_URLS"])
status = os.stat(os.environ["PQLEAK_DIR"])
print(oct(status.st_mode & 0o777), status.st_uid == os.geteuid(), os.environ["PQLEAK_DIR"])
"""), "ignored", extra={"LD_PRELOAD": "libm.so.6", "PQLEAK_DEPTH": "9",
                        "DEBUGINFOD_URLS": "http://127.0.0.1:9/"})
    preload, options, directory = result.stdout.splitlines()
    assert preload == f"{LIBRARY.resolve()}:libm.so.6"
    assert options == "1 9 http://127.0.0.1:9/"
    mode, is_own, path = directory.split()
    assert (mode, is_own) == ("0o700", "True")
    assert not os.path.exists(path), "removed after the report"


def test_pqleak_0_runs_the_program_as_it_is(pqleak, place):
    result = pqleak("run", "--", "sh", "-c", 'echo "${LD_PRELOAD-none}"; exit 3',
                    extra={"PQLEAK": "0"})
    assert (result.returncode, result.stdout, result.stderr) == (3, "none\n", "")
    assert not list(place.iterdir())


def test_the_program_finds_signals_and_descriptors_as_without_us(environment):
    program = python("""
for number in (signal.SIGPIPE, signal.SIGHUP, signal.SIGCHLD, signal.SIGINT):
    line = [l for l in open("/proc/self/status") if l.startswith("SigIgn")][0]
    print(number, int(line.split()[1], 16) >> (number - 1) & 1)
print([line.split()[1] for line in open("/proc/self/status") if line.startswith("SigBlk")])
print(sorted(os.listdir("/proc/self/fd")))
""")
    # The interpreter ignores SIGPIPE by itself: what matters is that both are the same.
    shell = ["sh", "-c", 'trap "" HUP; exec "$@" 0<&-', "sh"]
    outputs = [subprocess.run([*shell, *before, *program], env=environment, timeout=TIMEOUT,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
               for before in ([], [COMPANION, "run", "--"])]
    assert outputs[0] == outputs[1] and b"1 1" in outputs[0]


# No libpq.

def test_a_tree_without_libpq_is_told_in_one_line(pqleak):
    result = pqleak("run", "--", "true")
    assert (result.returncode, result.stdout) == (0, "")
    assert is_one_line(result.stderr)
    assert "no process of 'true' left a ledger: none opened a connection" in result.stderr


@pytest.mark.parametrize("option", ["--skip=true", "--only=other"])
def test_what_was_left_out_is_not_called_set_user_id(option, pqleak):
    result = pqleak("run", option, "--", "true")
    assert is_one_line(result.stderr) and "left out by --only or --skip" in result.stderr
    assert "set-user-id" not in result.stderr


def mark(end):
    """What the shim leaves when its process reported by itself."""
    return f'pathlib.Path(os.environ["PQLEAK_DIR"], f"{{os.getpid()}}.{end}").touch()\n'


@pytest.mark.parametrize("options, end, program_status, status", [
    ([], "reported", 0, 0), ([], "failed", 0, 23), ([], "failed", 5, 5),
    (["--exitcode=42"], "failed", 0, 42), ([], "reported", 5, 5),
])
def test_run_adds_nothing_to_the_reports_of_processes_by_themselves(
        options, end, program_status, status, pqleak, place, tmp_path):
    log = tmp_path / "log"
    result = pqleak("run", "--format=json", f"--log={log}", *options, "--", *python(
        mark(end) + f"pathlib.Path({str(log)!r}).write_text('its own')\n"
        f"sys.exit({program_status})"))
    assert (result.returncode, result.stdout, result.stderr) == (status, "", "")
    assert log.read_text() == "its own" and not list(place.iterdir())


def test_a_report_that_failed_by_itself_counts_beside_ledgers(pqleak, place):
    result = pqleak("run", "--format=json", "--fail-on=stuck", "--",
                    *python(mark("failed") + "leave()"))
    assert result.returncode == 23
    assert validated(result.stderr)["exit_status"] == 23 and not list(place.iterdir())


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_report_of_nothing_is_not_added_to_what_the_log_has(form, pqleak, tmp_path):
    """As of a process that could not even say in the directory that it had reported."""
    log = tmp_path / "log"
    result = pqleak("run", f"--format={form}", f"--log={log}", "--",
                    *python(f"pathlib.Path({str(log)!r}).write_text('its own')"))
    assert (result.returncode, result.stderr) == (0, "")
    assert log.read_text() == "its own"


def test_a_log_has_what_standard_error_would_have(pqleak, tmp_path):
    result = pqleak("run", f"--log={tmp_path / 'log'}", "--", "true")
    assert (result.returncode, result.stderr) == (0, "")
    assert "no process of 'true'" in (tmp_path / "log").read_text()


def test_a_json_report_of_no_process_is_whole(pqleak, tmp_path):
    result = pqleak("run", "--format=json", f"--log={tmp_path / 'log'}", "--", "true")
    report = validated((tmp_path / "log").read_text())
    assert (report["processes"], report["sites"], report["exit_status"]) == ([], [], 0)
    assert result.stderr == ""


# The log.

def test_the_log_path_is_filled_in(pqleak, tmp_path):
    pqleak("run", f"--log={tmp_path}/%e.%p.%h.%t.100%%", "--", *python("leave()"))
    (log,) = tmp_path.glob("*.100%")
    program, _, rest = log.name.removesuffix(".100%").partition(
        f"{os.path.basename(sys.executable)}.")
    pid, rest = rest.split(".", 1)
    host, moment = rest.rsplit(".", 1)
    assert program == "" and host == socket.gethostname()
    assert f"(pid {pid})" in log.read_text()
    written = time.strptime(moment, "%Y%m%dT%H%M%S")
    assert abs(time.mktime(written) - time.mktime(time.gmtime())) < 3600
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


@pytest.mark.parametrize("log, words", [
    ("/no/such/directory/log", "No such file"),
    ("/", "Is a directory"),
    ("/tmp/%z", "only %p"),
    ("/tmp/%", "only %p"),
    ("/dev/full", "No space left"),
    ("/tmp/" + "x" * 300, "too long"),
])
def test_a_report_whose_log_cannot_be_written_is_on_standard_error(log, words, pqleak):
    result = pqleak("run", f"--log={log}", "--", *python("leave()"))
    first, _, report = result.stderr.partition("\n")
    assert result.returncode == 23
    assert first.startswith("pqleak: cannot write") and words in first
    assert "LEAK      1 connection" in report


def test_a_run_replaces_its_log_and_a_final_report_is_added(pqleak, tmp_path, place):
    log = tmp_path / "log"
    for _ in range(2):
        pqleak("run", f"--log={log}", "--format=json", "--", *python("leave()"))
        validated(log.read_text())
    ledger = MadeLedger().leak().write(place)
    for _ in range(2):
        result = pqleak("report", "--final", ledger, extra={"PQLEAK_LOG": str(log)})
        assert (result.returncode, result.stdout, result.stderr) == (23, "", "")
    assert log.read_text().count("SUMMARY") == 2 and '"schema"' in log.read_text()
    assert ledger.exists(), "removing it is the shim's part"


def test_reports_that_processes_make_during_a_run_stay_in_its_log(pqleak, tmp_path):
    """As on PQLEAK_SIGNAL: the program asks for a report of itself."""
    log = tmp_path / "log"
    log.write_text("LEAK of long ago\n")
    pqleak("run", f"--log={log}", "--", *python(f"""
path = leave()
import subprocess
subprocess.run([{str(COMPANION)!r}, "report", path])
"""))
    assert log.read_text().count("SUMMARY") == 2 and "long ago" not in log.read_text()


def test_a_clean_run_empties_the_log_of_the_former(pqleak, tmp_path):
    log = tmp_path / "log"
    log.write_text("LEAK of long ago\n")
    pqleak("run", f"--log={log}", "--fail-on=none", "--", "true")
    assert "long ago" not in log.read_text()


def test_an_answer_that_cannot_be_written_is_an_error(pqleak, place):
    ledger = MadeLedger().leak().write(place)
    with open("/dev/full", "w") as full:
        result = pqleak("report", "--fail-on=none", ledger, stdout=full)
    assert result.returncode == 1 and is_one_line(result.stderr)


# The tree.

@pytest.mark.parametrize("end, ended", [
    ("os._exit(0)", "_exit"),
    ("os.kill(os.getpid(), signal.SIGKILL)", "killed"),
    ("os.kill(os.getpid(), signal.SIGTERM)", "signal"),
])
def test_an_end_that_the_ledger_does_not_know_is_the_one_that_was_seen(end, ended, pqleak):
    program = python(f"leave('LEDGER_PROCESS_RUNNING'); {end}")
    report = validated(pqleak("run", "--format=json", "--", *program).stderr)
    assert [process["ended"] for process in report["processes"]] == [ended]
    assert report["sites"][0]["endings"]["abandoned"] == 1


def test_the_end_of_an_orphan_is_seen(pqleak):
    """The middle process ends first; the orphan goes to the companion."""
    report = validated(pqleak("run", "--format=json", "--", *python("""
reading, writing = os.pipe()
if os.fork() == 0:
    if os.fork() == 0:
        leave("LEDGER_PROCESS_RUNNING")
        os.close(writing)
        os.kill(os.getpid(), signal.SIGTERM)
    os._exit(0)
os.close(writing)
os.wait()
os.read(reading, 1)
""")).stderr)
    assert [process["ended"] for process in report["processes"]] == ["signal"]


def test_many_processes_are_one_report(pqleak):
    result = pqleak("run", "--", *python("""
for _ in range(3):
    if os.fork() == 0:
        leave()
        os._exit(0)
    os.wait()
leave()
"""))
    assert result.stderr.startswith("pqleak: 4 processes: 4 connections opened, 0 closed")
    assert result.returncode == 23 and "SUMMARY: pqleak: 1 leak (4 connections)" in result.stderr


def test_a_daemon_does_not_hold_up_the_report_and_keeps_its_ledger(pqleak, place, tmp_path):
    os.mkfifo(tmp_path / "end")
    result = pqleak("run", "--", *python(f"""
if os.fork() == 0:
    os.setsid()
    for fd in (0, 1, 2):
        os.close(fd)
    leave("LEDGER_PROCESS_RUNNING")
    open({str(tmp_path / 'ready')!r}, "w").close()
    open({str(tmp_path / 'end')!r}).read()
    os._exit(0)
while not os.path.exists({str(tmp_path / 'ready')!r}):
    os.sched_yield()
"""))
    try:
        assert "still running" in result.stderr and "1 process still runs" in result.stderr
        (ledger,) = place.glob("run-*/*.ledger")
        pid = ledger.name.split("-")[0]
        report = validated(pqleak("report", "--format=json", f"--pid={pid}").stdout)
        assert [process["ended"] for process in report["processes"]] == ["running"]
    finally:
        with open(tmp_path / "end", "w"):
            pass


# The orphan waits until the program has ended, and has been waited for.
ORPHAN = """
program = os.open(f"/proc/{os.getpid()}", os.O_DIRECTORY)
if os.fork() == 0:
    MORE
    while True:
        try:
            os.stat("stat", dir_fd=program)
        except OSError:
            break
        os.sched_yield()
    leave()
    os._exit(0)
os._exit(0)
"""


@pytest.mark.parametrize("more", ["pass", "os.setsid()", "os.setsid(); os.fork() and os._exit(0)"])
def test_an_orphan_that_has_no_ledger_yet_is_waited_for(more, pqleak, place):
    result = pqleak("run", "--", *python(ORPHAN.replace("MORE", more)))
    assert result.returncode == 23 and "LEAK      1 connection" in result.stderr
    assert "no process" not in result.stderr and not list(place.iterdir())


def test_a_daemon_without_a_ledger_is_said_and_finds_its_place_later(pqleak, place, tmp_path):
    os.mkfifo(tmp_path / "end")
    os.mkfifo(tmp_path / "done")
    result = pqleak("run", "--", *python(f"""
if os.fork() == 0:
    os.setsid()
    for fd in (0, 1, 2):
        os.close(fd)
    open({str(tmp_path / 'end')!r}).read()
    try:
        leave()
    finally:
        open({str(tmp_path / 'done')!r}, "w").close()
    os._exit(0)
"""))
    with open(tmp_path / "end", "w"):
        pass
    with open(tmp_path / "done"):
        pass
    (directory,) = place.iterdir()
    assert result.returncode == 0 and is_one_line(result.stderr)
    assert "still run" in result.stderr and f"pqleak report '{directory}'" in result.stderr
    assert "LEAK      1 connection" in pqleak("report", directory).stdout


def test_children_that_a_shell_had_before_are_not_waited_for(environment, place, tmp_path):
    os.mkfifo(tmp_path / "end")
    script = 'cat "$1" >/dev/null 2>&1 & exec "$2" run -- true'
    result = subprocess.run(["sh", "-c", script, "sh", tmp_path / "end", COMPANION], text=True,
                            env=environment, capture_output=True, timeout=TIMEOUT)
    with open(tmp_path / "end", "w"):
        pass
    assert result.returncode == 0 and is_one_line(result.stderr)
    assert "no process of 'true'" in result.stderr and not list(place.iterdir())


def test_kept_ledgers_can_be_read_again(pqleak, place):
    result = pqleak("run", "--keep", "--", *python("leave()"))
    (directory,) = place.iterdir()
    assert f"kept in '{directory}'" in result.stderr
    again = pqleak("report", directory)
    assert again.returncode == 23 and "LEAK      1 connection" in again.stdout


# Signals.

@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT", "USR1", "USR2"])
def test_a_signal_to_the_companion_goes_to_the_program(name, environment):
    """A signal that comes just before pause() would be waited for ever: a pipe keeps it."""
    program = python(f"""
reading, writing = os.pipe()
os.set_blocking(writing, False)
signal.set_wakeup_fd(writing)
signal.signal(signal.SIG{name}, lambda number, frame: (leave(), sys.exit(9)))
print("ready", flush=True)
os.read(reading, 1)
""")
    # Under nohup SIGHUP is ignored, which the companion leaves as it is.
    heard = ["env", f"--default-signal={name}"]
    process = subprocess.Popen([*heard, COMPANION, "run", "--", *program], env=environment,
                               text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(getattr(signal, "SIG" + name))
    _, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 9
    assert "LEAK      1 connection" in errors


def test_a_program_that_dies_by_a_forwarded_signal_is_reported(environment):
    program = python('leave("LEDGER_PROCESS_RUNNING"); print("ready", flush=True); signal.pause()')
    process = subprocess.Popen([COMPANION, "run", "--", *program], env=environment, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    _, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 128 + signal.SIGTERM
    assert "ended by a signal" in errors


def read_until(terminal, words):
    text = b""
    while words not in text:
        assert select.select([terminal], [], [], TIMEOUT)[0], text
        text += os.read(terminal, 4096)
    return text


def test_an_interrupt_from_the_terminal_reaches_the_program_once(environment):
    """The terminal signals the whole group: passed on as well, it would come twice."""
    program = python("""
import select
reading, writing = os.pipe()
os.set_blocking(writing, False)
signal.set_wakeup_fd(writing)
signal.signal(signal.SIGINT, lambda number, frame: None)
print("ready", flush=True)
os.read(reading, 1)
print("twice" if select.select([reading], [], [], 0.5)[0] else "once", flush=True)
""")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(COMPANION, ["pqleak", "run", "--", *program], environment)
    read_until(terminal, b"ready")
    os.write(terminal, b"\x03")
    text = read_until(terminal, b"ce\r\n")
    os.waitpid(pid, 0)
    os.close(terminal)
    assert b"once" in text and b"twice" not in text


# Ledgers.

def test_report_reads_what_it_is_given_and_says_what_it_cannot(pqleak, place, tmp_path):
    good = MadeLedger().leak().write(place)
    bad = tmp_path / "1-0123456789abcdef.ledger"
    bad.write_bytes(b"rubbish")
    result = pqleak("report", bad, good, tmp_path / "missing")
    assert "LEAK      1 connection" in result.stdout
    lines = result.stderr.splitlines()
    assert len(lines) == 2 and str(bad) in lines[0] and "missing" in lines[1]
    assert result.returncode == 23
    assert pqleak("report", "--fail-on=none", bad, good).returncode == 1


def make_garbage(path, kind):
    whole = MadeLedger().leak().bytes()
    if kind == "symlink":
        (path.parent / "target").write_bytes(whole)
        path.symlink_to(path.parent / "target")
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    else:
        path.write_bytes({
            "empty": b"", "text": b"hello\n" * 1000, "magic only": whole[:8],
            "half a header": whole[:250], "zeros": bytes(8192),
            "newer": whole[:12] + b"\x63\0\0\0" + whole[16:],
            "other byte order": whole[:8] + whole[8:12][::-1] + whole[12:],
            "sections beyond": whole[:144] + b"\xff" * 360 + whole[504:],
        }[kind])


@pytest.mark.parametrize("kind, words", [
    ("empty", "ends within its header"), ("text", "is not a ledger"),
    ("magic only", "ends within its header"), ("half a header", "ends within its header"),
    ("zeros", "is not a ledger"), ("newer", "newer pqleak"),
    ("other byte order", "is not a ledger"), ("sections beyond", "corrupt"),
    ("symlink", "symbolic link"), ("fifo", ""), ("socket", ""),
])
def test_garbage_is_one_clear_line_and_no_report(kind, words, pqleak, tmp_path):
    path = tmp_path / "1-0123456789abcdef.ledger"
    make_garbage(path, kind)
    result = pqleak("report", path)
    assert (result.returncode, result.stdout) == (1, "")
    assert is_one_line(result.stderr), result.stderr
    assert f"'{path}'" in result.stderr and words in result.stderr


@pytest.mark.parametrize("left", [0.1, 0.5, 0.9])
def test_a_ledger_that_is_cut_short_is_reported_and_said(left, pqleak, place):
    ledger = MadeLedger().leak().write(place)
    os.truncate(ledger, int(ledger.stat().st_size * left))
    result = pqleak("report", "--fail-on=none", ledger)
    assert result.returncode == 1 and is_one_line(result.stderr)
    assert f"'{ledger}' is cut short" in result.stderr
    assert "1 connection opened" in result.stdout


@needs_root
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_another_users_ledger_is_refused(mode, environment, tmp_path_factory):
    directory = tmp_path_factory.mktemp("shared")
    for path in (directory, *directory.parents[:-2]):
        path.chmod(0o755)
    ledger = MadeLedger().leak().write(directory)
    ledger.chmod(mode)
    companion = directory / "pqleak"
    companion.write_bytes(COMPANION.read_bytes())
    companion.chmod(0o755)
    result = subprocess.run([*NOBODY, companion, "report", ledger], env=environment, text=True,
                            capture_output=True, timeout=TIMEOUT, cwd="/")
    assert (result.returncode, result.stdout) == (1, "")
    assert is_one_line(result.stderr) and "belongs to another user" in result.stderr


def test_without_arguments_the_users_own_ledgers_are_reported(pqleak, place):
    assert pqleak("report").stderr.startswith("pqleak: no ledgers")
    assert pqleak("report").returncode == 0
    MadeLedger(pid=999998, ended="LEDGER_PROCESS_RUNNING").leak().write(place)
    reported = MadeLedger(pid=999999)
    reported.header.flags = 1
    reported.leak().write(place)
    (place / "notes.txt").write_text("not a ledger")
    result = pqleak("report")
    assert "(pid 999998)" in result.stdout and "killed" in result.stdout
    assert "999999" not in result.stdout and result.stderr == ""
    assert "(pid 999999)" in pqleak("report", "--pid=999999").stdout


def test_standard_input_may_be_a_ledger(pqleak, place):
    ledger = MadeLedger().leak().write(place)
    with open(ledger, "rb") as file:
        result = pqleak("report", "--final", "-", stdin=file)
    assert (result.returncode, result.stdout) == (23, "")
    assert "LEAK      1 connection" in result.stderr


def test_a_process_without_a_ledger_is_said(pqleak):
    result = pqleak("report", "--pid=999999")
    assert (result.returncode, result.stdout) == (1, "")
    assert is_one_line(result.stderr) and "999999" in result.stderr


def test_remove_takes_the_ledgers_of_ended_processes_only(pqleak, place):
    ended = MadeLedger(ended="LEDGER_PROCESS_RUNNING").leak().write(place)
    running = MadeLedger(pid=os.getpid(), ended="LEDGER_PROCESS_RUNNING").leak().write(place)
    assert pqleak("report", "--remove").returncode == 23
    assert not ended.exists() and running.exists()


def test_the_host_that_asks_gets_the_answer_on_standard_error(environment, place):
    """As the shim does for PQLEAK_SIGNAL: standard output is the program's own."""
    result = subprocess.run(python(f"""
path = leave("LEDGER_PROCESS_RUNNING")
import subprocess
subprocess.run([{str(COMPANION)!r}, "report", "--reason=signal", path])
"""), env=environment, text=True, capture_output=True, timeout=TIMEOUT)
    assert result.stdout == "" and "still running" in result.stderr


# Places.

def place_of(pqleak, **options):
    result = pqleak("run", "--", "sh", "-c", 'echo "$PQLEAK_DIR"', **options)
    return result.stdout.strip(), result.stderr


def test_the_places_are_tried_in_order_and_never_through_a_link(pqleak, tmp_path):
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    extra = {"PQLEAK_DIR": "", "XDG_RUNTIME_DIR": str(runtime)}
    assert place_of(pqleak, extra=extra)[0].startswith(str(runtime / "pqleak" / "run-"))
    assert stat.S_IMODE((runtime / "pqleak").stat().st_mode) == 0o700
    (runtime / "pqleak").chmod(0o770)
    shared = f"/dev/shm/pqleak-{os.geteuid()}/run-"
    assert place_of(pqleak, extra=extra)[0].startswith(shared)
    (runtime / "pqleak").rmdir()
    (runtime / "elsewhere").mkdir(mode=0o700)
    (runtime / "pqleak").symlink_to(runtime / "elsewhere")
    assert place_of(pqleak, extra=extra)[0].startswith(shared)
    assert not list((runtime / "elsewhere").iterdir())


@pytest.mark.parametrize("kind, words", [("open", "others may write"), ("file", "Not a directory"),
                                         ("missing parent", "No such file"),
                                         ("link", "Not a directory")])
def test_a_directory_that_cannot_be_used_is_said_and_another_serves(kind, words, pqleak, tmp_path):
    path = tmp_path / "directory"
    if kind == "open":
        path.mkdir()
        path.chmod(0o777)
    elif kind == "file":
        path.write_text("")
    elif kind == "link":
        path.symlink_to(tmp_path)
    else:
        path = path / "deeper"
    used, errors = place_of(pqleak, extra={"PQLEAK_DIR": str(path)})
    assert used and not used.startswith(str(path))
    first = errors.splitlines()[0]
    assert str(path) in first and words in first


def test_a_directory_in_which_none_can_be_made_is_said_and_another_serves(pqleak):
    result = pqleak("run", "--", *python("leave()"), extra={"PQLEAK_DIR": "/proc"})
    first, _, report = result.stderr.partition("\n")
    assert "'/proc'" in first and "another place serves" in first
    assert result.returncode == 23 and report.startswith("pqleak: ") and "LEAK " in report


# The plain report.

@pytest.mark.parametrize("text", ["", "hello\n# 1\n", "#1 not of a stack"])
def test_symbolize_says_that_there_is_no_plain_report(text, pqleak, tmp_path):
    path = tmp_path / "text"
    path.write_text(text)
    result = pqleak("symbolize", path)
    assert (result.returncode, result.stdout) == (1, text)
    assert is_one_line(result.stderr) and f"'{path}'" in result.stderr
    with open(path) as file:
        assert pqleak("symbolize", stdin=file).returncode == 1


# Text to a terminal.

def terminal_output(argv, environment):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(argv[0], list(map(str, argv)), environment)
    text = b""
    while True:
        try:
            assert select.select([terminal], [], [], TIMEOUT)[0], text
            part = os.read(terminal, 65536)
        except OSError:  # EIO: the last writer has closed it
            break
        if not part:
            break
        text += part
    os.waitpid(pid, 0)
    os.close(terminal)
    return text


def test_a_terminal_gets_colour_and_no_sequence_of_the_ledgers(environment, place):
    ledger = MadeLedger(command="\x1b[2Jmade").leak(
        function="evil\x1b]0;owned\x07", file="/srv/\udcff.py", database="a\x9bb").write(place)
    environment["TERM"] = "xterm"
    text = terminal_output([COMPANION, "report", ledger], environment)
    assert b"\x1b[1;31mLEAK" in text
    assert b"\\x1b[2Jmade" in text and b"evil\\x1b]0;owned\\x07" in text and b"\\xff.py" in text
    assert not re.search(rb"\x1b(?!\[[0-9;]*m)|\x07|\xc2\x9b|\xff", text)
    for extra in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert b"\x1b" not in terminal_output([COMPANION, "report", ledger], environment | extra)


@pytest.mark.parametrize("columns", [80, 120])
def test_a_terminal_gets_lines_that_fit(columns, environment, place):
    source = place / "app.py"
    source.write_text("session.execute(text('select a_long_query from it'), parameters, 12)\n" * 9)
    ledger = MadeLedger().leak(function="of_some_length", file=str(source)).write(place)
    environment["TERM"] = "dumb"
    text = terminal_output(["/bin/sh", "-c", f"stty cols {columns}; cd {place}; "
                            f"exec {COMPANION} report {ledger}"], environment).decode()
    lines = text.splitlines()
    assert "LEAK      1 connection to postgres@127.0.0.1:5432/app" in lines
    assert max(map(len, lines)) <= columns
    assert any("app.py:7   session.execute(" in line and line.endswith(" ...") for line in lines) \
        == (columns == 80)


def test_a_file_name_in_a_message_cannot_write_sequences(pqleak, tmp_path):
    result = pqleak("report", tmp_path / "\x1b]0;owned\x07")
    assert "\x1b" not in result.stderr and is_one_line(result.stderr)


def test_a_ledger_that_could_not_grow_is_said_and_is_not_all(pqleak, place):
    ledger = MadeLedger().leak()
    ledger.header.flags |= CONSTANTS["LEDGER_INCOMPLETE"]
    path = ledger.write(place)
    result = pqleak("report", "--fail-on=none", path)
    assert result.returncode == 1 and "LEAK " in result.stdout
    assert is_one_line(result.stderr)
    assert f"'{path}' is incomplete" in result.stderr and "999999" in result.stderr
    with open(path, "rb") as whole:
        result = pqleak("report", "--fail-on=none", "-", stdin=whole)
    assert result.returncode == 0 and result.stderr == "", "the process's own memory is whole"


def test_a_run_says_that_a_ledger_could_not_grow(pqleak):
    result = pqleak("run", "--format=json", "--", *python(f"""
ledger = MadeLedger(pid=os.getpid(), ended="LEDGER_PROCESS_RUNNING").leak()
ledger.header.flags |= {CONSTANTS["LEDGER_INCOMPLETE"]}
ledger.write(pathlib.Path(os.environ["PQLEAK_DIR"]))
os.kill(os.getpid(), signal.SIGKILL)
"""))
    said, _, report = result.stderr.partition("\n")
    assert result.returncode == 137 and "is incomplete" in said
    assert validated(report)["sites"][0]["verdict"] == "leak"


# The contract and the manual.

def test_the_json_of_odd_names_fits_the_schema(pqleak, place):
    ledger = MadeLedger(command="\udcff\x1b")
    ledger.leak(function="\udcff", file="/\u00e9", database="\"\\")
    report = validated(pqleak("report", "--format=json", ledger.write(place)).stdout)
    (site,) = report["sites"]
    assert site["user_line"]["function"] == "\ufffd" and site["user_line"]["file"] == "/\u00e9"
    assert site["connections"][0]["database"] == "\"\\"


def test_the_schema_is_installed(tmp_path):
    listed = json.loads(subprocess.run(["meson", "introspect", "--installed", BUILD], check=True,
                                       capture_output=True, text=True).stdout)
    places = {pathlib.Path(target).name: target for target in listed.values()}
    assert places["report.schema.json"].endswith("share/pqleak/report.schema.json")
    assert places["pqleak.1"].endswith("man/man1/pqleak.1")


def test_the_manual_has_no_warnings_and_every_option():
    page = BUILD / "shim" / "cli" / "pqleak.1"
    environment = os.environ | {"LC_ALL": "C.UTF-8", "MANWIDTH": "80"}
    environment.pop("MAN_KEEP_FORMATTING", None)
    shown = subprocess.run(["man", "--warnings", "-l", page], env=environment, text=True,
                           capture_output=True, timeout=TIMEOUT)
    assert (shown.returncode, shown.stderr) == (0, "")
    lint = subprocess.run(["mandoc", "-T", "lint", page], text=True, capture_output=True,
                          timeout=TIMEOUT)
    assert (lint.returncode, lint.stdout, lint.stderr) == (0, "", "")
    options = (SOURCE / "shim" / "base" / "options.def").read_text()
    names = re.findall(r'^OPTION\([^"]*"(\w+)"', options, re.M)
    # One without help is for the shim.
    commands = re.findall(r'^COMMAND\((\w+), "[^"]*",\s+"[^"]',
                          (SOURCE / "shim/cli/commands.def").read_text(), re.M)
    assert "watch" not in commands and "pqleak watch" not in shown.stdout
    assert len(names) > 10 and len(commands) >= 4
    for name in names:
        assert re.search(rf"\b{name}\b", shown.stdout), name
    for command in commands:
        assert f"pqleak {command}" in shown.stdout

"""`pqleak doctor`: what is covered, what is not and why; and the program is not disturbed."""
import functools
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess

import jsonschema
import pytest

from shim import SOURCE

SCHEMA = SOURCE / "shim" / "render" / "doctor.schema.json"
PYTHON = "/usr/bin/python3"
NOT_COVERED = 24
JDBC = pathlib.Path("/usr/share/java/postgresql.jar")


@functools.cache
def schema():
    return json.loads(SCHEMA.read_text())


def doctor(shim, argv, *options, environment=None, **rest):
    """Runs it with --format=json; returns the run, with its findings in `report`."""
    log = shim.reports / "doctor.json"
    result = shim.execute([shim.companion, "doctor", "--format=json", f"--log={log}", *options,
                           "--", *argv], environment or shim.base | shim.options(), **rest)
    text = log.read_text()
    log.unlink()
    findings = json.loads(text)
    jsonschema.validate(findings, schema())
    assert findings["exit_status"] == result.status
    assert findings["recorded"] == sum(one["recorded"] for one in findings["processes"])
    assert findings["missed"] == sum(one["missed"] for one in findings["processes"])
    result.reports = [findings]
    return result


def same_doctor(shim, argv, *options, environment=None, status=None, **rest):
    """The program behaves as without the doctor; its own status, or `status` instead."""
    plain = shim.execute(argv, environment, **rest)
    result = doctor(shim, argv, *options, environment=environment, **rest)
    assert (result.output, result.errors) == (plain.output, plain.errors)
    assert result.status == (plain.status or status or 0)
    return result


def the_process(findings):
    assert len(findings["processes"]) == 1, findings
    return findings["processes"][0]


def the_way(findings):
    process = the_process(findings)
    assert len(process["ways"]) == 1, findings
    return process["ways"][0]


def text_of(shim, argv, *options, environment=None):
    return shim.execute([shim.companion, "doctor", *options, "--", *argv],
                        environment or shim.base | shim.options())


def test_a_linked_libpq_is_covered(shim):
    argv = [shim.program("endings"), "close"]
    findings = same_doctor(shim, argv).report
    assert (findings["recorded"], findings["missed"], findings["is_watched"]) == (1, 0, True)
    way = the_way(findings)
    assert (way["kind"], way["loaded"], way["version"] // 10000) == ("libpq", ["linked"], 15)
    assert (way["is_called"], way["sessions"], way["why"]) == (True, 1, "")
    assert text_of(shim, argv).errors.splitlines()[-1] == "pqleak covers 1 of 1 connection"


@pytest.mark.parametrize("script, loaded", [
    ("import psycopg2; psycopg2.connect('')", ["local"]),
    ("exec(open('{programs}/doctor/ctypes_speaks.py').read())", ["local", "dlsym"]),
])
def test_how_a_libpq_was_opened_is_told(script, loaded, shim, programs):
    findings = same_doctor(shim, [PYTHON, "-c", script.format(programs=programs)]).report
    assert (findings["recorded"], findings["missed"]) == (1, 0)
    assert the_way(findings)["loaded"] == loaded


def test_the_sockets_of_one_connection_are_not_taken_for_others(shim, compile_program):
    program = compile_program("doctor/sockets.c", "sockets", "-lpq")
    result = same_doctor(shim, [program])
    assert result.output == "status 0, cancelled 1\nstatus 1\n"
    way = the_way(result.report)
    assert (result.report["recorded"], way["missed"]) == (2, 0)
    assert way["sessions"] == 5, "each reset and each host was really watched"


def static_flags():
    """What libpq.a needs, with the libraries of this machine in its shared libpq."""
    lines = subprocess.run(["ldd", "/usr/lib/x86_64-linux-gnu/libpq.so.5"], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.splitlines()
    needed = [line.split()[2] for line in lines if "=> /" in line and "libc.so" not in line]
    directory = subprocess.run(["pg_config", "--libdir"], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.strip()
    internal = subprocess.run(["pg_config", "--pkglibdir"], check=True, text=True,
                              stdout=subprocess.PIPE).stdout.strip()
    archives = []
    for name in ("libpq.a", "libpgcommon_shlib.a", "libpgport_shlib.a"):
        found = [path for path in (pathlib.Path(directory) / name,
                                   pathlib.Path(internal).parent / "lib" / name,
                                   pathlib.Path(internal) / name) if path.exists()]
        if not found:
            pytest.skip(f"no {name}: libpq-dev and postgresql-server-dev-15 have them")
        archives.append(found[0])
    return [*archives, *needed]


@pytest.mark.parametrize("strip", [False, True])
def test_a_static_libpq_is_named(strip, shim, compile_program):
    program = compile_program("endings.c", "static", *static_flags(), *(["-s"] if strip else []))
    result = same_doctor(shim, [program, "close"], status=NOT_COVERED)
    way = the_way(result.report)
    assert (way["kind"], way["loaded"], way["path"]) == ("static", ["static"], program)
    assert (way["missed"], "statically" in way["why"]) == (1, True)
    text = text_of(shim, [program, "close"])
    assert text.status == NOT_COVERED
    assert f"  libpq inside of {program}\n" in text.errors
    assert text.errors.endswith("pqleak covers 0 of 1 connection: 1 is not recorded\n")


def go_speaks(shim, programs, clients):
    return [clients / "pgx" / "speaks"], {}, clients / "pgx" / "speaks"


def node_speaks(shim, programs, clients):
    modules = clients / "node-pg" / "node_modules"
    return (["node", programs / "doctor" / "pg_speaks.js"], {"NODE_PATH": str(modules)},
            modules / "pg")


def java_speaks(shim, programs, clients):
    return ["java", "-cp", JDBC, programs / "doctor" / "Speaks.java"], {}, JDBC


def python_speaks(name):
    return lambda shim, programs, clients: (
        [PYTHON, programs / "doctor" / f"{name}_speaks.py"], {},
        pathlib.Path("/usr/lib/python3/dist-packages") / name)


@pytest.mark.parametrize("speaker, client, count", [
    (python_speaks("asyncpg"), "asyncpg", 2),
    (python_speaks("pg8000"), "pg8000", 1),
    (node_speaks, "JavaScript", 1),
    (go_speaks, "pgx", 1),
    (java_speaks, "JDBC", 1),
], ids=["asyncpg", "pg8000", "node", "pgx", "jdbc"])
def test_a_client_without_libpq_is_named(speaker, client, count, shim, programs, clients):
    argv, environment, needed = speaker(shim, programs, clients)
    if not needed.exists() or not shutil.which(argv[0]):
        pytest.skip(f"{needed} or {argv[0]} is missing: scripts/setup brings them")
    environment = shim.base | shim.options() | environment
    findings = same_doctor(shim, argv, environment=environment, status=NOT_COVERED).report
    (way,) = [way for way in the_process(findings)["ways"] if way["kind"] == "other"]
    assert client in way["client"]
    assert (way["missed"], findings["recorded"]) == (count, 0)
    assert way["addresses"] == [f"127.0.0.1:{shim.base['PGPORT']}"]
    assert "without libpq" in way["why"] and way["cure"]


def test_a_program_without_libpq_has_nothing_to_cover(shim):
    result = same_doctor(shim, ["/bin/echo", "as ever"])
    assert (result.output, result.report["processes"]) == ("as ever\n", [])
    assert text_of(shim, ["/bin/true"]).errors == (
        "pqleak: no connection to PostgreSQL was opened: nothing to cover\n")


def test_a_libpq_that_is_not_used_is_told(shim):
    argv = ["/usr/lib/postgresql/15/bin/psql", "--version"]
    way = the_way(same_doctor(shim, argv).report)
    assert (way["is_called"], way["loaded"], way["sessions"]) == (False, ["linked"], 0)
    assert "would be covered, but opened nothing" in text_of(shim, argv).errors


def test_a_program_that_is_killed_is_told_of(shim):
    result = doctor(shim, [shim.program("endings"), "kill"])
    assert result.status == 128 + signal.SIGKILL
    assert (result.report["recorded"], result.report["missed"]) == (1, 0)


def test_a_tree_has_a_part_for_each_process(shim, programs):
    script = (f"{shim.program('endings')} close; "
              f"{PYTHON} {programs}/doctor/pg8000_speaks.py; exit 3")
    result = same_doctor(shim, ["/bin/sh", "-c", script])
    assert result.status == 3
    covered, missed = result.report["processes"]
    assert (covered["recorded"], covered["missed"], covered["command"]) == (1, 0, "endings")
    assert (missed["recorded"], missed["missed"]) == (0, 1)
    assert missed["command"] == "python3 pg8000_speaks.py"


@pytest.mark.parametrize("prefix, options, variables, why", [
    (["env", "-u", "LD_PRELOAD"], [], {}, "LD_PRELOAD was taken out"),
    (["env", "-u", "PQLEAK_DIR", "PQLEAK_LOG=/dev/null"], [], {}, "PQLEAK_DIR was changed"),
    ([], ["--skip=endings"], {}, "--only or --skip"),
    ([], ["--only=other"], {}, "--only or --skip"),
    ([], [], {"PQLEAK": "0"}, "PQLEAK=0"),
])
def test_why_a_libpq_is_not_covered_is_told(prefix, options, variables, why, shim):
    findings = doctor(shim, [*prefix, shim.program("endings"), "close"], *options,
                      environment=shim.base | shim.options() | variables)
    assert findings.status == NOT_COVERED
    way = the_way(findings.report)
    assert (way["kind"], way["missed"]) == ("libpq", 1)
    assert why in way["why"] and way["cure"]


def test_a_deep_bound_libpq_is_covered_unless_that_is_kept(shim):
    argv = [shim.program("host"), "-deep", shim.program("plugin.so")]
    findings = same_doctor(shim, argv).report
    assert (findings["recorded"], findings["missed"]) == (1, 0)
    assert "deepbound" in the_way(findings)["loaded"]
    way = the_way(same_doctor(shim, argv, "--keep-deepbind=1", status=NOT_COVERED).report)
    assert (way["missed"], "RTLD_DEEPBIND" in way["why"]) == (1, True)


def test_a_set_user_id_program_is_told(shim, compile_program):
    if os.geteuid() != 0:
        pytest.skip("only root can make a set-user-id program of another user")
    program = pathlib.Path(compile_program("endings.c", "secure", "-lpq"))
    shutil.chown(program, "nobody")
    program.chmod(0o4755)
    for directory in [*program.parents][:-2]:
        directory.chmod(directory.stat().st_mode | 0o055)
    findings = doctor(shim, [program, "close"])
    assert findings.status == NOT_COVERED
    assert "set-user-id" in the_way(findings.report)["why"]


def test_without_privileges_it_watches_all_the_same(shim):
    prefix = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"]
    prefix = prefix if os.geteuid() == 0 else []
    log = shim.reports / "doctor.json"
    result = shim.execute([*prefix, shim.companion, "doctor", "--format=json", f"--log={log}",
                           "--", "env", "-u", "LD_PRELOAD", shim.program("endings"), "close"],
                          shim.base | shim.options())
    findings = json.loads(log.read_text())
    assert (findings["is_watched"], findings["missed"], result.status) == (True, 1, NOT_COVERED)
    assert the_way(findings)["addresses"] == [f"127.0.0.1:{shim.base['PGPORT']}"]


def test_where_it_cannot_watch_it_says_so_and_goes_on(shim):
    """The kernel gives user notification to one watcher of a tree."""
    argv = [shim.companion, "doctor", "--", shim.program("endings"), "close"]
    result = text_of(shim, argv)
    assert "could not be watched for: another program" in result.errors
    assert "pqleak recorded 1 connection; whether there were others is not known" in result.errors


def test_stdin_is_the_programs(shim):
    result = same_doctor(shim, ["/bin/cat"], stdin="through and through\n")
    assert result.output == "through and through\n"


def test_an_interrupt_is_the_programs(shim):
    """^C goes to all processes of the terminal's foreground."""
    script = "import psycopg2; c = psycopg2.connect(''); print('up', flush=True); input()"
    process = subprocess.Popen(
        [shim.companion, "doctor", "--", PYTHON, "-c", script], env=shim.base | shim.options(),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True)
    assert process.stdout.readline() == "up\n"
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    assert "KeyboardInterrupt" in errors
    assert errors.endswith("pqleak covers 1 of 1 connection\n")


# Writes that the filter asks about, and a connection, when the doctor is gone.
GOES_ON = """
import os, sys, psycopg2
print(os.getpid(), flush=True)
sys.stdin.readline()
psycopg2.connect('').close()
with open(sys.argv[1], 'w') as file:
    file.write('the program went on')
"""


def test_a_program_outlives_a_doctor_that_is_killed(shim, tmp_path):
    written = tmp_path / "written"
    process = subprocess.Popen(
        [shim.companion, "doctor", "--", PYTHON, "-c", GOES_ON, written], text=True,
        env=shim.base | shim.options(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    program = os.pidfd_open(int(process.stdout.readline()))
    process.kill()
    process.wait()
    process.stdin.write("go\n")
    process.stdin.close()
    wait_for_end(program)
    process.stdout.close()
    assert written.read_text() == "the program went on"


def wait_for_end(descriptor):
    """Of the process that a pidfd is of."""
    ready, _, _ = select.select([descriptor], [], [], 60)
    os.close(descriptor)
    assert ready, "the process hangs"


def test_a_daemon_outlives_the_doctor(shim, tmp_path):
    written, fifo, pid = tmp_path / "written", tmp_path / "fifo", tmp_path / "pid"
    os.mkfifo(fifo)
    hold = os.open(fifo, os.O_RDWR)
    script = tmp_path / "daemon.py"
    script.write_text(GOES_ON)
    # It keeps nothing of the doctor's, which would be waited for.
    command = f"setsid -f {PYTHON} {script} {written} <{fifo} >{pid} 2>/dev/null"
    result = text_of(shim, ["/bin/sh", "-c", command])
    assert result.status == 0
    assert "processes still run" in result.errors
    program = os.pidfd_open(int(pid.read_text()))
    os.write(hold, b"go\n")
    os.close(hold)
    wait_for_end(program)
    assert written.read_text() == "the program went on"


@pytest.mark.parametrize("arguments, status, line", [
    (["--", "/nonexistent/program"], 127, "cannot run '/nonexistent/program'"),
    (["--", "/etc/passwd"], 126, "cannot run '/etc/passwd'"),
    ([], 2, "doctor needs a program"),
    (["--no-such-option", "--", "true"], 2, "unrecognized option"),
    (["--format=xml", "--", "true"], 2, "--format='xml' is not allowed"),
])
def test_a_wrong_command_line_is_said(arguments, status, line, shim):
    result = shim.execute([shim.companion, "doctor", *arguments], shim.base | shim.options())
    assert (result.status, result.output) == (status, "")
    assert line in result.errors
    assert not list(shim.ledgers.iterdir())

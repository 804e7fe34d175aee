"""Bad input: each gets one clear line that says what and where, the host goes on
unharmed, and nothing recorded is lost.
"""
import ctypes
import os
import re
import shutil
import subprocess

import pytest

from layout import STRUCTS
from shim import total

BAD_OPTIONS = [
    ("format", "xml"),
    ("signal", "NOSUCH"),
    ("exitcode", "256"),
    ("exitcode", "ten"),
    ("fail_on", "leak,nonsense"),
    ("depth", "0"),
    ("depth", "many"),
    ("track", "everything"),
    ("keep", "perhaps"),
    ("ledger_max", "1K"),
    ("ledger_max", "lots"),
    ("verbose", "2"),
]


def is_one_line(text):
    return re.fullmatch(r"pqleak: [^\n]+\n", text) is not None


def run_open(shim, environment=None, library=None, **options):
    """A program that forgets one connection; it never speaks itself, and ends with 0."""
    environment = environment or shim.preload(library, **options)
    result = shim.run_preloaded([shim.program("endings"), "open"], environment)
    assert (result.status, result.output) == (0, "")
    return result


@pytest.mark.parametrize("name, value", BAD_OPTIONS)
def test_a_bad_option_value_is_said_once_and_the_default_serves(name, value, shim):
    environment = shim.base | {"LD_PRELOAD": str(shim.library)} | shim.options(
        **{"log": shim.reports / "%p", name: value})
    if name != "format":
        environment["PQLEAK_FORMAT"] = "json"
    result = shim.execute([shim.program("endings"), "open"], environment)
    assert (result.status, result.output) == (0, "")
    assert is_one_line(result.errors), result.errors
    assert f"PQLEAK_{name.upper()}" in result.errors and value in result.errors
    (log,) = shim.reports.iterdir()
    leak = r"^LEAK" if name == "format" else r'"verdict":\s*"leak"'
    assert re.search(leak, log.read_text(), re.M)


def test_a_bad_option_is_not_said_to_programs_without_libpq(shim):
    result = shim.execute(["/bin/true"], shim.preload(format="xml"))
    assert result.behaviour() == (0, "", "")


@pytest.mark.parametrize("name, value", BAD_OPTIONS)
def test_run_refuses_a_bad_option_before_it_starts_the_program(name, value, shim, tmp_path):
    made = tmp_path / "made"
    option = f"--{name.replace('_', '-')}={value}"
    result = shim.execute([shim.companion, "run", option, "--", "touch", made])
    assert result.status == 2 and result.output == ""
    assert result.errors.startswith("pqleak: ") and value in result.errors
    assert not made.exists()


@pytest.mark.parametrize("arguments", [["--no-such-option"], ["no-such-command"], ["run"], []])
def test_a_wrong_command_line_is_refused(arguments, shim):
    result = shim.execute([shim.companion, *arguments])
    assert (result.status, result.output) == (2, "")
    assert result.errors


@pytest.mark.parametrize("program, status", [("/no/such/program", 127), ("/etc/passwd", 126)])
def test_a_program_that_cannot_be_started_is_named(program, status, shim):
    result = shim.execute([shim.companion, "run", "--", program], shim.base | shim.options())
    assert (result.status, result.output) == (status, "")
    assert is_one_line(result.errors) and program in result.errors


def test_an_unreadable_suppression_file_is_said_and_the_report_is_made(shim):
    result = run_open(shim, suppressions="/no/such/file")
    assert is_one_line(result.errors) and "/no/such/file" in result.errors
    assert "no suppression is used" in result.errors
    assert total(result.report, "open") == 1


def test_a_suppression_line_that_is_none_is_said_with_its_place(shim, tmp_path):
    suppressions = tmp_path / "suppressions"
    suppressions.write_text("leak:nothing\nnonsense\n")
    result = run_open(shim, suppressions=suppressions)
    assert is_one_line(result.errors), result.errors
    assert f"'{suppressions}' line 2" in result.errors
    assert "no suppression is used" in result.errors
    assert total(result.report, "open") == 1


def test_a_log_that_cannot_be_written_leaves_the_host_alone(shim):
    result = run_open(shim, log="/no/such/directory/report")
    assert "/no/such/directory/report" in result.errors
    # What was recorded is not lost: it is on stderr instead, or still in the ledger.
    assert '"leak"' in result.errors or list(shim.ledgers.rglob("*.ledger"))


@pytest.fixture
def kept_ledger(shim):
    run_open(shim, keep=1)
    (path,) = shim.ledgers.rglob("*.ledger")
    return path


def refused(shim, path, **options):
    """`pqleak report FILE` that cannot read it: no report, one line, a status of its own."""
    result = shim.execute([shim.companion, "report", "--format=json", path], **options)
    assert result.status not in (0, 23) and result.status > 0
    assert result.output == ""
    assert is_one_line(result.errors) and str(path) in result.errors, result.errors
    return result.errors


def patched(path, name, value):
    """The ledger with one field of its header changed."""
    field = getattr(STRUCTS["ledger_header"], name)
    content = bytearray(path.read_bytes())
    content[field.offset : field.offset + field.size] = value.to_bytes(field.size, "little")
    path.write_bytes(content)
    return path


def test_a_missing_ledger(shim, tmp_path):
    assert "No such file" in refused(shim, tmp_path / "1-0123456789abcdef.ledger")


@pytest.mark.parametrize("length", [0, 7, 100, 503])
def test_a_ledger_that_ends_in_its_header(length, shim, kept_ledger):
    os.truncate(kept_ledger, length)
    refused(shim, kept_ledger)


@pytest.mark.parametrize("part", [0.02, 0.5, 0.9])
def test_a_ledger_that_ends_in_its_records_is_never_a_crash(part, shim, kept_ledger):
    os.truncate(kept_ledger, int(kept_ledger.stat().st_size * part))
    result = shim.report_of(kept_ledger)
    assert result.status > 0, "neither success nor a signal"
    assert is_one_line(result.errors) and str(kept_ledger) in result.errors


def test_a_file_that_is_no_ledger(shim, tmp_path):
    path = tmp_path / "1-0123456789abcdef.ledger"
    path.write_bytes(b"x" * 8192)
    refused(shim, path)


def test_a_ledger_of_a_newer_version(shim, kept_ledger):
    assert "newer" in refused(shim, patched(kept_ledger, "version", 99))


def test_a_ledger_of_another_byte_order(shim, kept_ledger):
    refused(shim, patched(kept_ledger, "byte_order", 0x04030201))


def test_a_ledger_whose_sections_contradict_themselves(shim, kept_ledger):
    content = bytearray(kept_ledger.read_bytes())
    start = STRUCTS["ledger_header"].section.offset
    size = ctypes.sizeof(STRUCTS["ledger_section"])
    content[start : start + 9 * size] = b"\xff" * (9 * size)
    kept_ledger.write_bytes(content)
    refused(shim, kept_ledger)


def test_a_ledger_full_of_rubbish_is_read_without_a_crash(shim, kept_ledger):
    """The header is whole, every record behind it is noise."""
    content = bytearray(kept_ledger.read_bytes())
    header = ctypes.sizeof(STRUCTS["ledger_header"])
    noise = bytes((n * 167 + 13) % 256 for n in range(65536))
    for start in range(4096, len(content), len(noise)):
        content[start : start + len(noise)] = noise[: len(content) - start]
    assert content[:header] == kept_ledger.read_bytes()[:header]
    kept_ledger.write_bytes(content)
    result = shim.report_of(kept_ledger)
    assert result.status >= 0, "a crash"
    assert result.errors or result.report["damaged_records"] > 0


def test_a_symbolic_link_is_no_ledger(shim, kept_ledger):
    link = kept_ledger.with_name("1-0123456789abcdef.ledger")
    link.symlink_to(kept_ledger)
    refused(shim, link)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for another user")
NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


@needs_root
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_ledger_of_another_user(mode, shim, kept_ledger, tmp_path_factory):
    place = tmp_path_factory.mktemp("shared")
    for directory in (place, *place.parents[:-2]):
        directory.chmod(0o755)
    path = place / kept_ledger.name
    shutil.copy(kept_ledger, path)
    path.chmod(mode)
    companion = place / "pqleak"
    shutil.copy(shim.companion, companion)
    result = shim.execute([*NOBODY, companion, "report", path], cwd="/")
    assert result.status not in (0, 23) and is_one_line(result.errors)
    assert "another user" in result.errors and str(path) in result.errors


def in_namespace(commands, argv):
    """Runs `argv` where the mounts that the commands make are its own."""
    return ["unshare", "-m", "--propagation=private", "/bin/sh", "-ec",
            f'{commands}; exec "$@"', "sh", *argv]


def run_mounted(shim, commands, environment):
    """`endings open` in a mount namespace. The library is preloaded into it alone."""
    library = environment.pop("LD_PRELOAD")
    argv = ["env", f"LD_PRELOAD={library}", shim.program("endings"), "open"]
    result = shim.execute(in_namespace(commands, argv), environment)
    result.reports = shim.take_reports()
    assert (result.status, result.output) == (0, "")
    return result


def without_dir(shim, **options):
    environment = shim.preload(**options)
    del environment["PQLEAK_DIR"]
    for name in ("XDG_RUNTIME_DIR", "TMPDIR", "HOME"):
        environment.pop(name, None)
    return environment


@needs_root
def test_a_full_disk_means_private_memory_and_still_a_report(shim):
    commands = f"mount -t tmpfs -o size=4k full {shim.ledgers} && : > {shim.ledgers}/file " \
               f"&& head -c 4096 /dev/zero > {shim.ledgers}/file"
    result = run_mounted(shim, commands, shim.preload())
    assert total(result.report, "open") == 1
    assert result.errors == "" or is_one_line(result.errors)


@needs_root
def test_a_process_of_a_run_without_room_for_a_ledger_reports_by_itself_and_once(shim):
    environment = shim.base | shim.options()
    commands = f"mount -t tmpfs -o size=8k full {shim.ledgers} && chmod 700 {shim.ledgers} && " \
               f"head -c 8192 /dev/zero > {shim.ledgers}/file"
    # No other place serves.
    commands += "; mount -t tmpfs -o ro none /dev/shm"
    environment["XDG_RUNTIME_DIR"] = "/dev/shm"
    log = shim.reports / "log"
    result = shim.execute(in_namespace(commands, [
        shim.companion, "run", "--format=json", f"--log={log}", "--",
        shim.program("endings"), "open"]), environment)
    (report,) = shim.take_reports()
    assert total(report, "open") == 1
    assert (result.status, result.output) == (23, "")
    assert "no process" not in result.errors


@needs_root
@pytest.mark.parametrize("size", ["64k", "256k", "1m"])
def test_a_disk_that_becomes_full_loses_nothing_that_was_recorded(size, shim):
    result = run_mounted(shim, f"mount -t tmpfs -o size={size} full {shim.ledgers}", shim.preload())
    assert total(result.report, "open") == 1


@needs_root
def test_without_dev_shm_the_ledger_lives_elsewhere(shim):
    result = run_mounted(shim, "mount -t tmpfs -o ro none /dev/shm", without_dir(shim))
    assert total(result.report, "open") == 1
    assert result.errors == ""


@needs_root
def test_without_any_place_to_write_the_report_still_comes(shim):
    """Read-only /dev/shm, /tmp and home: what remains is private memory."""
    environment = without_dir(shim, log="stderr")
    del environment["LD_PRELOAD"]
    # The build may itself be below one of them: /mnt is another way to it.
    commands = f"mount --bind {shim.build} /mnt; " \
               "for place in /dev/shm /tmp /run /var/tmp; do mount -t tmpfs -o ro none $place; done"
    argv = ["env", "LD_PRELOAD=/mnt/shim/libpqleak.so", "/mnt/tests/programs/endings", "open"]
    result = shim.execute(in_namespace(commands, argv), environment)
    assert (result.status, result.output) == (0, "")
    assert '"leak"' in result.errors


@needs_root
def test_a_read_only_home_is_no_obstacle(shim, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    environment = without_dir(shim) | {"HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    result = run_mounted(shim, f"mount -t tmpfs -o ro none {home}", environment)
    assert total(result.report, "open") == 1
    assert result.errors == ""


def test_a_directory_that_is_not_there_is_said_and_the_report_still_comes(shim):
    result = run_open(shim, dir="/proc/no/such/place")
    assert total(result.report, "open") == 1
    assert is_one_line(result.errors) and "/proc/no/such/place" in result.errors


def test_a_directory_that_others_may_write_to_is_not_trusted(shim, tmp_path):
    place = tmp_path / "open"
    place.mkdir()
    place.chmod(0o777)
    # Where it goes instead is this test's own too.
    environment = shim.preload(dir=place, keep=1) | {"XDG_RUNTIME_DIR": str(tmp_path)}
    result = run_open(shim, environment)
    assert total(result.report, "open") == 1
    assert list((tmp_path / "pqleak").glob("*.ledger"))
    assert not list(place.rglob("*.ledger"))
    assert is_one_line(result.errors) and str(place) in result.errors


@pytest.fixture
def lonely_shim(shim, tmp_path):
    """The shim alone in a directory: there is no companion that it could start."""
    place = tmp_path / "lonely"
    place.mkdir()
    return shutil.copy(shim.library, place)


def test_without_a_companion_a_plain_report_is_completed_by_symbolize(shim, lonely_shim):
    environment = shim.preload(lonely_shim, log=shim.directory / "plain", format="text")
    environment["PATH"] = "/usr/bin:/bin"
    result = run_open(shim, environment)
    plain = (shim.directory / "plain").read_text()
    assert "PQconnectdb" in plain and "endings" in plain
    assert "open_one" not in plain, "the shim itself looks up no names"
    completed = shim.execute([shim.companion, "symbolize", shim.directory / "plain"])
    assert (completed.status, completed.errors) == (0, "")
    assert "open_one" in completed.output and "endings.c:" in completed.output
    piped = shim.execute([shim.companion, "symbolize"], stdin=plain)
    assert piped.output == completed.output
    assert result.errors == "" or is_one_line(result.errors)


def test_without_a_companion_python_frames_are_whole(shim, lonely_shim, programs):
    environment = shim.preload(lonely_shim, log=shim.directory / "plain", format="text")
    result = shim.execute(["/usr/bin/python3", programs / "endings.py", "shutdown"], environment)
    assert result.status == 0
    plain = (shim.directory / "plain").read_text()
    assert "open_one" in plain and "endings.py:" in plain


def test_a_ledger_at_its_limit_says_what_was_lost(shim):
    """The smallest ledger, and more stacks than it can hold: counted, never silent."""
    script = "import psycopg2\nkept = []\n" + "\n".join(
        f"def f{n}(): kept.append(psycopg2.connect(''))\nf{n}()\nkept.pop().close()"
        for n in range(400))
    script += "\nkept.append(psycopg2.connect(''))\n"
    result = shim.run_preloaded(["/usr/bin/python3", "-c", script],
                                shim.preload(ledger_max="256K"), timeout=60)
    assert result.status == 0
    report = result.report
    assert total(report, "opened") == 401
    told = sum(total(report, name) for name in ("closed", "shutdown", "lost_records"))
    assert told >= 401


def test_secure_programs_ignore_the_environment(shim, tmp_path):
    """ld.so drops LD_PRELOAD for set-user-id programs; the program works as ever."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a set-user-id program of another user")
    result = subprocess.run([*NOBODY, "/usr/bin/su", "--version"], env=shim.preload(), check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/")
    assert (result.returncode, result.stderr) == (0, "")

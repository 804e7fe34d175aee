"""scripts/bench as a person uses it: what it refuses, what its JSON has, how it ends. No figure
of time is looked at: benchmarks are no tests.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from conftest import BUILD, CLIENTS
from shim import SOURCE



def bench(*arguments, top=SOURCE, build=BUILD):
    return subprocess.run([top / "scripts" / "bench", *arguments], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=environment(build))


def environment(build):
    return os.environ | {"PQLEAK_BUILD_DIR": str(build), "PQLEAK_CLIENTS": str(CLIENTS)}


@pytest.fixture
def other_build(tmp_path):
    """The build, with programs of the test's own."""
    build = tmp_path / "build"
    (build / "tests" / "bench").mkdir(parents=True)
    (build / "shim").symlink_to(BUILD / "shim")
    (build / "tests" / "programs").symlink_to(BUILD / "tests" / "programs")
    return build


def add_program(build, name, script):
    program = build / "tests" / "bench" / name
    program.write_text("#!/bin/sh\n" + script)
    program.chmod(0o755)
    return program


@pytest.fixture
def copy(tmp_path):
    """The script and what it is made of, in a tree of its own; its figures can be changed."""
    for name in ("scripts/bench", "tests/bench", "tests/process/server.py"):
        source, target = SOURCE / name, tmp_path / "copy" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    return tmp_path / "copy"


def test_the_list_has_each_row_of_the_table_once():
    result = bench("--list")
    names = [line.split()[0] for line in result.stdout.splitlines()]
    assert (result.stderr, result.returncode) == ("", 0)
    assert {"open", "use", "begin", "start", "pgbench", "sessions"} <= set(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("arguments, said", [
    (["opne"], "bench: no benchmark is called 'opne'\nbench: --list shows them all\n"),
    (["open", "x*"], "bench: no benchmark is called 'x*'\nbench: --list shows them all\n"),
    (["--pairs", "0", "use"],
     "bench: argument --pairs: a number of at least 1 is needed, not '0'\n"),
    (["--pairs=-3", "use"],
     "bench: argument --pairs: a number of at least 1 is needed, not '-3'\n"),
    (["--pairs", "many", "use"],
     "bench: argument --pairs: a number of at least 1 is needed, not 'many'\n"),
    (["--fast"], "bench: unrecognized arguments: --fast\n"),
    (["--check", "--learn"],
     "bench: argument --learn: not allowed with argument --check\n"),
])
def test_what_is_not_understood_is_refused_in_words(arguments, said):
    result = bench(*arguments)
    assert (result.stdout, result.stderr) == ("", said)
    assert result.returncode in (1, 2)


def test_without_a_build_it_says_where_it_looked(tmp_path):
    result = bench("use", build=tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith(f"bench: there is no build in '{tmp_path}'\n")
    assert "Traceback" not in result.stderr


def test_a_row_is_a_line_and_an_object(other_build):
    add_program(other_build, "first", 'test "$LD_PRELOAD" && echo 2e6 || echo 1e6\n')
    result = bench("--pairs", "1", "first", build=other_build)
    assert (result.stderr, result.returncode) == ("", 0)
    assert re.fullmatch(r"the first connection of a process +1\.00 ms +1\.00 ms \.\. 1\.00 ms"
                        r" +<= 2\.00 ms  met\n", result.stdout)

    row = json.loads(bench("--pairs", "2", "--json", "first", build=other_build).stdout)
    assert row == {"first": {
        "title": "the first connection of a process", "unit": "ms", "median": 1.0,
        "quartiles": [1.0, 1.0], "values": [1.0, 1.0], "plain": 1.0, "shim": 2.0, "goal": 2,
        "is_met": True, "note": "", "instructions": None}}


def test_a_row_of_the_build_measures():
    result = bench("--pairs", "1", "--json", "first")
    assert (result.stderr, result.returncode) == ("", 0)
    row = json.loads(result.stdout)["first"]
    assert len(row["values"]) == 1 and 0 < row["plain"] < row["shim"]


@pytest.mark.parametrize("script, said", [
    ("echo first >&2; echo 'no such thing' >&2; exit 3", "ended with status 3, and said: "
                                                         "no such thing"),
    ("exit 1", "ended with status 1, and said: nothing"),
    ("kill -SEGV $$", "ended with status -11, and said: nothing"),
    ("echo 1 two", "printed no numbers: 1 two"),
])
def test_a_program_that_fails_is_told_in_one_line_and_the_others_go_on(other_build, script, said):
    add_program(other_build, "first", script + "\n")
    add_program(other_build, "starts", "echo 1 2 3 4\n")
    result = bench("--pairs", "1", "--json", "first", "start", build=other_build)
    assert result.returncode == 1
    assert result.stderr.startswith("bench: first: '") and result.stderr.endswith(said + "\n")
    assert result.stderr.count("\n") == 1
    results = json.loads(result.stdout)
    assert results["first"]["failed"].endswith(said)
    assert results["start"]["median"] == 1


def test_a_program_that_is_not_there_is_told_in_one_line(other_build):
    result = bench("--pairs", "1", "first", build=other_build)
    assert (result.stdout, result.returncode) == ("", 1)
    assert result.stderr == (f"bench: first: cannot run '{other_build}/tests/bench/first': "
                             "No such file or directory\n")


def test_figures_that_json_has_no_number_for_are_none(other_build):
    add_program(other_build, "first", "echo nan\n")
    result = bench("--pairs", "1", "--json", "first", build=other_build)
    row = json.loads(result.stdout, parse_constant=pytest.fail)["first"]
    assert row["median"] is None


@pytest.mark.skipif(not shutil.which("valgrind"), reason="no valgrind: scripts/setup installs it")
def test_a_count_that_grew_fails_and_one_that_fell_is_told(copy):
    """The kept figure is changed, which is quicker than the shim."""
    path = copy / "tests" / "bench" / "instructions.json"
    kept = json.loads(path.read_text())
    figures = kept[os.uname().machine]
    figures["use"], figures["use-1000"] = figures["use"] / 2, figures["use-1000"] * 2
    path.write_text(json.dumps(kept))
    result = bench("--check", "use", "use-1000", top=copy)
    grew, fell, hint, counts = result.stdout.splitlines()
    assert (result.stderr, result.returncode) == ("", 1)
    assert grew.startswith("FAIL: use: ") and grew.endswith(" %, more than 5 %")
    assert f"was {figures['use']:,.1f}: +" in grew
    assert fell.startswith("ok: use-1000: ")
    assert fell.endswith(" %; scripts/bench --learn keeps it so")
    assert hint == "bench: if this is meant, run scripts/bench --learn and commit"
    assert counts == "1 passed, 1 failed, 0 skipped"


@pytest.mark.skipif(not shutil.which("valgrind"), reason="no valgrind: scripts/setup installs it")
def test_a_count_of_nothing_is_no_progress(other_build):
    """A program that leaves its rounds out would need no instructions."""
    add_program(other_build, "uses", "exit 0\n")
    result = bench("--check", "use", build=other_build)
    assert (result.stdout, result.returncode) == ("", 1)
    assert re.fullmatch(r"bench: 'use' counts -?0\.0 instructions: what it does is not done\n",
                        result.stderr)


def test_a_program_that_is_not_built_is_named(other_build):
    result = bench("--json", "report-stacks", build=other_build)
    assert list(json.loads(result.stdout)) == ["report-stacks"]
    assert re.fullmatch("bench: report-stacks: .*/deep'\n", result.stderr)
    assert result.returncode == 1


def test_counts_without_valgrind_say_what_is_missing(tmp_path):
    result = subprocess.run(["/usr/bin/python3", SOURCE / "scripts" / "bench", "--check"],
                            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=environment(BUILD) | {"PATH": str(tmp_path)})
    assert (result.stdout, result.returncode) == ("", 1)
    assert result.stderr == "bench: valgrind is not here: scripts/setup installs it\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_ends_it_in_silence_and_its_server(number, other_build, tmp_path):
    """What is measured is a fifo's reader, so that the interrupt comes while it runs."""
    fifo, pids = tmp_path / "fifo", tmp_path / "pids"
    os.mkfifo(fifo)
    client = tmp_path / "clients" / "sqlalchemy-2.0.38" / "bin" / "python"
    client.parent.mkdir(parents=True)
    client.write_text(f"#!/bin/sh\nhead -n 1 $PGHOST/data/postmaster.pid >{pids}\n"
                      f"echo $PGHOST >>{pids}\necho >{fifo}\nexec sleep 1000\n")
    client.chmod(0o755)
    with subprocess.Popen([SOURCE / "scripts" / "bench", "--json", "sessions"], text=True,
                          env=environment(other_build) | {
                              "PQLEAK_CLIENTS": str(tmp_path / "clients")},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          start_new_session=True) as process:
        fifo.read_text()
        os.killpg(process.pid, number)
        output, errors = process.communicate()
    server, directory = pids.read_text().split()
    assert (json.loads(output), errors, process.returncode) == ({}, "", 128 + number)
    assert not pathlib.Path("/proc", server).exists()
    assert not pathlib.Path(directory).exists()

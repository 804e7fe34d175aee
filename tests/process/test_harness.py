"""The tests' own tools, without the shim: a wrong oracle would prove nothing."""
import subprocess
import sys

import layout
from stepping import Stepping


def test_the_server_lists_what_a_program_has_open_and_nothing_else(database, shim):
    assert database.backends() == set()
    script = "import psycopg2, sys; connection = psycopg2.connect('');" \
             "print(connection.info.backend_pid, flush=True); sys.stdin.read()"
    with subprocess.Popen(["/usr/bin/python3", "-c", script], env=shim.base, text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        backend = int(process.stdout.readline())
        assert database.backends() == {backend}
    database.wait_for_end({backend})
    assert database.backends() == set()


def test_a_python_program_stops_at_each_line_of_its_own(shim, tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import json\nfor n in range(2):\n    print(n)\n")
    with Stepping([sys.executable, str(program)], shim.base) as stepping:
        assert len(list(stepping)) == 6
        assert stepping.finish() == (b"0\n1\n", b"", 0)


def test_a_c_program_stops_after_each_connect_and_finish(database, shim):
    with Stepping([shim.program("forgotten_stepped")], shim.base) as stepping:
        open_backends = [len(database.backends()) for _ in stepping][:3]
        assert open_backends == [1, 2, 3]
        assert stepping.finish() == (b"", b"", 0)


def test_the_layout_of_the_ledger_is_read_from_its_header():
    assert layout.CONSTANTS["LEDGER_ENDED"] == 4
    assert layout.STRUCTS["ledger_connection"].backend_pid.offset == 132

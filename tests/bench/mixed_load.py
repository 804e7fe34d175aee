#!/usr/bin/env python3
"""A mixed load for a time under `pqleak run`: no finding, and nothing that only grows.

    tests/bench/mixed_load.py [--seconds 600] [--build BUILD] [--clients CLIENTS]

Starts its own server. Prints what the program's memory and the ledgers took, by tenths of the
time, and what the report says. The exit status is 1 when it has a finding, or when in the
second half the ledger grew by more than a block or the memory by more than a tenth.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "process"))
sys.dont_write_bytecode = True

from server import Server  # noqa: E402
from shim import Shim, has_failure, total, validated  # noqa: E402

BINARIES = pathlib.Path("/usr/lib/postgresql/15/bin")
TENTHS = 10
GROWTH_KIB = 64


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def ledger_kib(directory, pid):
    """What the blocks that were touched take of the disk."""
    return sum(path.stat().st_blocks // 2 for path in directory.rglob(f"{pid}-*.ledger"))


def python_under(pid):
    """The program that `pqleak run` started: its child that is a Python."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for child in map(int, children):
        if "python" in os.readlink(f"/proc/{child}/exe"):
            return child
    return None


def watch(process, shim, seconds, samples):
    began = time.monotonic()
    for tenth in range(1, TENTHS + 1):
        time.sleep(max(0, began + seconds * tenth / TENTHS - 1 - time.monotonic()))
        pid = python_under(process.pid) if process.poll() is None else None
        if pid is None:
            return
        samples.append((resident_kib(pid), ledger_kib(shim.ledgers, pid)))
        print(f"{seconds * tenth / TENTHS:7.0f} s: program {samples[-1][0]:7} KiB, "
              f"its ledger {samples[-1][1]:6} KiB", flush=True)


def run(arguments, shim):
    python = pathlib.Path(arguments.clients) / "sqlalchemy-2.0.38" / "bin" / "python"
    log = shim.reports / "run.json"
    process = subprocess.Popen(
        [shim.companion, "run", "--format=json", f"--log={log}", "--", python,
         TESTS / "programs" / "mixed_load.py", f"--seconds={arguments.seconds}",
         f"--pgbench={BINARIES / 'pgbench'}"],
        env=shim.base | shim.options(), stdout=subprocess.PIPE, text=True)
    samples = []
    watcher = threading.Thread(target=watch, args=(process, shim, arguments.seconds, samples))
    watcher.start()
    output, _ = process.communicate()
    watcher.join()
    return process.returncode, output, validated(log.read_text()), samples


def is_growing(samples):
    (memory, ledger), (memory_end, ledger_end) = samples[TENTHS // 2 - 1], samples[-1]
    return ledger_end > ledger + GROWTH_KIB or memory_end > memory * 1.1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--build", default=TESTS.parent / "build")
    parser.add_argument("--clients", default=None)
    arguments = parser.parse_args()
    arguments.clients = arguments.clients or pathlib.Path(arguments.build) / "clients"
    server = Server(BINARIES)
    try:
        with tempfile.TemporaryDirectory() as directory:
            shim = Shim(pathlib.Path(arguments.build).absolute(), directory,
                        server.create_database().environment())
            subprocess.run([BINARIES / "pgbench", "-i", "-q", "-I", "dtgvp"], env=shim.base,
                           check=True, stderr=subprocess.DEVNULL)
            status, output, report, samples = run(arguments, shim)
    finally:
        server.stop()
    verdicts = {site["verdict"] for site in report["sites"]}
    print(output, end="")
    print(json.dumps({name: total(report, name) for name in (
        "opened", "closed", "open", "failed", "lost_records", "torn_records")}))
    print(f"{len(report['processes'])} processes, exit status {status}, verdicts {verdicts}, "
          f"misuse {len(report['misuse'])}")
    has_finding = status != 0 or has_failure(report) or not verdicts <= {"ok"}
    return int(has_finding or len(samples) < TENTHS or is_growing(samples))


if __name__ == "__main__":
    sys.exit(main())

"""Ledgers as a process would leave them, made from layout.h without libpq or the shim."""
import ctypes
import os
import time

from layout import CONSTANTS, STRUCTS, VERSION

PAGE = 4096
KINDS = ["STRINGS", "MODULES", "FRAMES", "STACKS", "POOLS", "SITES", "CONNECTIONS", "ENDINGS",
         "MISUSES", "RESULTS"]
RECORD_SIZE = {"STRINGS": 8, "STACKS": 8} | {
    kind: ctypes.sizeof(STRUCTS["ledger_" + name]) for kind, name in [
        ("MODULES", "module"), ("FRAMES", "frame"), ("POOLS", "pool"), ("SITES", "site"),
        ("CONNECTIONS", "connection"), ("ENDINGS", "ending"), ("MISUSES", "misuse"),
        ("RESULTS", "result")]}


def start_ticks(pid):
    """Field 22 of /proc/PID/stat; 1, which is nobody's, for a process that is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[19])
    except FileNotFoundError:
        return 1


class MadeLedger:
    def __init__(self, pid=999999, command="made", ended="LEDGER_PROCESS_EXIT"):
        self.content = {kind: bytearray() for kind in KINDS}
        self.now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        self.header = STRUCTS["ledger_header"](
            magic=b"pqleak\r\n", byte_order=0x01020304, version=VERSION,
            header_size=ctypes.sizeof(STRUCTS["ledger_header"]), section_count=len(KINDS),
            pid=pid, parent_pid=1, process_start_ticks=start_ticks(pid), started_at_ns=self.now,
            started_at_realtime_ns=time.time_ns(), uid=os.getuid(), ended=CONSTANTS[ended])
        self.header.command = self.string(command)
        self.header.executable = self.string("/usr/bin/" + command)
        if ended != "LEDGER_PROCESS_RUNNING":
            self.header.ended_at_ns = self.now + 10**9

    def add(self, kind, name, **fields):
        """Appends a record; returns its id."""
        self.content[kind] += bytes(STRUCTS["ledger_" + name](**fields))
        return len(self.content[kind]) // RECORD_SIZE[kind]

    def padded(self, kind, number):
        self.content[kind] += bytes(-len(self.content[kind]) % 8)
        return number

    def string(self, text):
        number = len(self.content["STRINGS"]) // 8 + 1
        encoded = text.encode("utf-8", "surrogateescape")
        self.content["STRINGS"] += bytes(STRUCTS["ledger_string"](length=len(encoded)))
        self.content["STRINGS"] += encoded + b"\0"
        return self.padded("STRINGS", number)

    def stack(self, *frames):
        number = len(self.content["STACKS"]) // 8 + 1
        self.content["STACKS"] += bytes(STRUCTS["ledger_stack"](frame_count=len(frames)))
        self.content["STACKS"] += b"".join(frame.to_bytes(4, "little") for frame in frames)
        return self.padded("STACKS", number)

    def python_frame(self, function, file, line):
        return self.add("FRAMES", "frame", language=CONSTANTS["LEDGER_PYTHON"], line=line,
                        function=self.string(function), file=self.string(file))

    def leak(self, function="forget", file="/srv/app.py", line=7, **fields):
        """One connection that is open at the end."""
        stack = self.stack(self.python_frame(function, file, line))
        site = self.add("SITES", "site", opened_stack=stack, first_opened_at_ns=self.now,
                        last_opened_at_ns=self.now, opened=1, open=1, peak_open=1)
        names = {name: self.string(text) for name, text in [
            ("host", "127.0.0.1"), ("port", "5432"), ("database", "app"), ("user", "postgres"),
            ("application_name", "made")]}
        self.add("CONNECTIONS", "connection", state=CONSTANTS["LEDGER_OPEN"], site=site,
                 transaction=CONSTANTS["LEDGER_TRANSACTION_IDLE"], serial=1, handle=4096,
                 opened_at_ns=self.now, connected_at_ns=self.now, opened_stack=stack,
                 backend_pid=4242, owner_pid=self.header.pid, socket=-1,
                 **(names | {name: self.string(text) for name, text in fields.items()}))
        for counter in ("opened", "open", "peak_open"):
            setattr(self.header, counter, getattr(self.header, counter) + 1)
        return self

    def bytes(self):
        offset = PAGE
        body = bytearray()
        for index, kind in enumerate(KINDS):
            used = len(self.content[kind])
            capacity = max(PAGE, -(-used // PAGE) * PAGE)
            self.header.section[index] = STRUCTS["ledger_section"](
                offset=offset, capacity=capacity, used=used, record_size=RECORD_SIZE[kind])
            body += self.content[kind] + bytes(capacity - used)
            offset += capacity
        self.header.file_size = offset
        head = bytes(self.header)
        return head + bytes(PAGE - len(head)) + bytes(body)

    def write(self, directory, random="0123456789abcdef"):
        path = directory / f"{self.header.pid}-{random}.ledger"
        path.write_bytes(self.bytes())
        path.chmod(0o600)
        return path

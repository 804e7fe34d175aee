"""A second reader of ledgers, for tests: it shares no code with the companion's."""
import ctypes
import mmap
import pathlib

from layout import CONSTANTS, STRUCTS, VERSION

SECTION_OF = {
    "ledger_connection": "LEDGER_CONNECTIONS",
    "ledger_site": "LEDGER_SITES",
    "ledger_pool": "LEDGER_POOLS",
    "ledger_ending": "LEDGER_ENDINGS",
    "ledger_module": "LEDGER_MODULES",
    "ledger_misuse": "LEDGER_MISUSES",
}
# A copy between two equal even sequences is whole; a live writer may need some tries.
COPY_TRIES = 1000


class Ledger:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        with open(path, "rb") as file:
            self.bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        assert self.header.magic == b"pqleak\r\n"
        assert self.header.version == VERSION

    def close(self):
        self.bytes.close()

    def copy(self, struct, offset):
        return struct.from_buffer_copy(self.bytes[offset : offset + ctypes.sizeof(struct)])

    @property
    def header(self):
        return self.copy(STRUCTS["ledger_header"], 0)

    def string(self, number):
        if number == 0:
            return ""
        offset = self.header.section[CONSTANTS["LEDGER_STRINGS"]].offset + (number - 1) * 8
        head = self.copy(STRUCTS["ledger_string"], offset)
        start = offset + ctypes.sizeof(head)
        return self.bytes[start : start + head.length].decode()

    def innermost_call(self, stack):
        """The name of the wrapped call at which a stack was taken; "" for none."""
        if not stack:
            return ""
        sections = self.header.section
        head = STRUCTS["ledger_stack"]
        first = sections[CONSTANTS["LEDGER_STACKS"]].offset + (stack - 1) * 8 + ctypes.sizeof(head)
        number = self.copy(ctypes.c_uint32, first).value
        frame = STRUCTS["ledger_frame"]
        offset = sections[CONSTANTS["LEDGER_FRAMES"]].offset + (number - 1) * ctypes.sizeof(frame)
        return self.string(self.copy(frame, offset).function)

    def records(self, name):
        """Yields (record, is_torn) of each record that is used."""
        section = self.header.section[CONSTANTS[SECTION_OF[name]]]
        struct = STRUCTS[name]
        assert section.record_size == ctypes.sizeof(struct)
        for index in range(section.used // section.record_size):
            yield self.stable_copy(struct, section.offset + index * section.record_size)

    def stable_copy(self, struct, offset):
        if not hasattr(struct, "sequence"):
            return self.copy(struct, offset), False
        for _ in range(COPY_TRIES):
            record = self.copy(struct, offset)
            if record.sequence % 2 == 0 and self.copy(struct, offset).sequence == record.sequence:
                return record, False
        return record, True

    def connections(self, *states):
        """The whole records in one of the states: "LEDGER_OPEN" and so on; all of them
        but the free ones when none is named."""
        wanted = {CONSTANTS[state] for state in states}
        for record, is_torn in self.records("ledger_connection"):
            if not is_torn and record.state and (not wanted or record.state in wanted):
                yield record

    def open_backends(self):
        """Those of the open connections but for the ones that libpq knows to be lost."""
        return {record.backend_pid for record in self.connections("LEDGER_OPEN")
                if record.transaction != CONSTANTS["LEDGER_TRANSACTION_LOST"]}

    def torn_count(self):
        return sum(is_torn for name in ("ledger_connection", "ledger_site", "ledger_ending")
                   for _, is_torn in self.records(name))


def ledger_paths(directory, pid="*"):
    return sorted(pathlib.Path(directory).rglob(f"{pid}-*.ledger"))


def open_ledger(directory, pid):
    """The ledger of a process, or None when it has none (it used no libpq so far)."""
    paths = ledger_paths(directory, pid)
    assert len(paths) <= 1, f"one ledger a process: {paths}"
    return Ledger(paths[0]) if paths else None

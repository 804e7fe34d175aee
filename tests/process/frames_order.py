"""Checks that Python's frames stand at their place among the native ones.

    python frames_order.py frames_probe.so STACKS

Python calls itself directly, through a C function of the probe's (a native frame that is
known), through sorted() and through a generator, in random order. The merged stack must
show every Python frame and every call of that C function in the order they were made.
Prints one JSON object.
"""
import ctypes
import json
import random
import sys
import threading

HAS_QUALIFIED_NAMES = sys.version_info >= (3, 11)


class Nest:
    def __init__(self, path, seed):
        self.random = random.Random(seed)
        self.text = ctypes.create_string_buffer(1 << 16)
        library = ctypes.CDLL(path)
        self.order = library.probe_order
        self.order.restype = ctypes.c_size_t
        self.order.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
        callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
        self.call = library.probe_call
        self.call.argtypes = [callback, ctypes.c_int]
        self.callback = callback(self.from_native)
        self.made = []
        self.stacks = 0
        self.mismatches = []

    def begin(self, depth):
        del self.made[:]
        self.enter(self.begin.__func__.__code__)
        self.down(depth)

    def enter(self, code):
        self.made.append(code.co_qualname if HAS_QUALIFIED_NAMES else code.co_name)

    def down(self, depth):
        self.enter(self.down.__func__.__code__)
        if depth == 0:
            self.compare()
        else:
            self.random.choice((self.down, self.down_native, self.down_native,
                                self.down_sorted, self.down_generator))(depth - 1)
        self.made.pop()

    def down_native(self, depth):
        self.enter(self.down_native.__func__.__code__)
        self.made.append("call")
        self.call(self.callback, depth)
        self.made.pop()
        self.made.pop()

    def from_native(self, depth):
        self.enter(self.from_native.__func__.__code__)
        self.down(depth)
        self.made.pop()
        return 0

    def down_sorted(self, depth):
        self.enter(self.down_sorted.__func__.__code__)
        sorted([depth], key=self.down)
        self.made.pop()

    def down_generator(self, depth):
        def run():
            self.enter(run.__code__)
            yield self.down(depth)
            self.made.pop()
        self.enter(self.down_generator.__func__.__code__)
        for _ in run():
            pass
        self.made.pop()

    def compare(self):
        self.enter(self.compare.__func__.__code__)
        self.order(self.text, len(self.text))
        seen = self.text.value.decode().split("\n")[:-1]
        expected = self.made[::-1]
        self.made.pop()
        self.stacks += 1
        if seen[:len(expected)] != expected and len(self.mismatches) < 5:
            self.mismatches.append({"seen": seen, "expected": expected})

    def run(self, stacks):
        for number in range(stacks):
            self.begin(number % 24)


def main(path, stacks):
    assert ctypes.CDLL(path).probe_attach() == 1, "this interpreter is not supported"
    nests = [Nest(path, seed) for seed in range(3)]
    nests[0].run(stacks // 3)
    threads = [threading.Thread(target=nest.run, args=(stacks // 3,)) for nest in nests[1:]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({
        "version": sys.version.split()[0],
        "stacks": sum(nest.stacks for nest in nests),
        "mismatches": [mismatch for nest in nests for mismatch in nest.mismatches],
    }))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

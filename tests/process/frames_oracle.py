"""Compares the frames that the shim reads with sys._getframe's, in the interpreter that runs this.

    python frames_oracle.py frames_probe.so STACKS

Prints one JSON object. Runs on CPython 3.6 and newer, without any package; greenlets are
walked when greenlet can be imported.
"""
import asyncio
import contextlib
import ctypes
import functools
import gc
import json
import re
import sys
import threading
import time

SEPARATOR = "\x1f"
SURROGATES = re.compile("[\ud800-\udfff]")
HAS_QUALIFIED_NAMES = sys.version_info >= (3, 11)


class Probe:
    def __init__(self, path, library=ctypes.CDLL):
        self.walk = library(path).probe_walk
        self.walk.restype = ctypes.c_size_t
        self.walk.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_int)]


class Oracle:
    """Counts stacks and keeps the first few that differ."""

    def __init__(self, path):
        self.detached = Probe(path, ctypes.CDLL)
        self.attached = Probe(path, ctypes.PyDLL)
        self.probe = self.attached
        self.local = threading.local()
        self.lock = threading.Lock()
        self.stacks = self.frames = self.deepest = 0
        self.mismatches = []
        self.shapes = {}

    def buffers(self):
        local = self.local
        if not hasattr(local, "text"):
            local.text = ctypes.create_string_buffer(1 << 17)
            local.is_truncated = ctypes.c_int()
        return local.text, local.is_truncated

    def sample(self, *ignored, _getframe=sys._getframe):
        """Compares this thread's stack; returns its argument, to stand in any expression."""
        text, is_truncated = self.buffers()
        self.probe.walk(text, len(text), ctypes.byref(is_truncated))
        seen = text.value.decode("utf-8")
        expected = self.expect(_getframe(1))
        self.count(seen, expected)
        return ignored[0] if ignored else None

    def expect(self, frame):
        code = self.sample.__func__.__code__
        name = code.co_qualname if HAS_QUALIFIED_NAMES else code.co_name
        lines = [SEPARATOR.join((name, code.co_filename, str(code.co_firstlineno + 3)))]
        while frame is not None:
            code = frame.f_code
            name = code.co_qualname if HAS_QUALIFIED_NAMES else code.co_name
            path = SURROGATES.sub("\ufffd", code.co_filename)
            lines.append(SEPARATOR.join((name, path, str(frame.f_lineno or 0))))
            frame = frame.f_back
        return lines

    def count(self, seen, expected):
        text = "\n".join(expected) + "\n"
        with self.lock:
            self.stacks += 1
            self.frames += len(expected)
            self.deepest = max(self.deepest, len(expected))
            if seen != text and len(self.mismatches) < 10:
                self.mismatches.append({"seen": seen, "expected": text})


class Dropped:
    """Samples when it goes."""

    def __init__(self, oracle):
        self.oracle = oracle

    def __del__(self):
        self.oracle.sample()


class Shapes:
    """One method a way to be on a stack. Each ends in sample()."""

    def __init__(self, oracle):
        self.sample = oracle.sample
        self.oracle = oracle

    def plain(self):
        self.sample()

    def multi_line_call(self):
        self.sample(
            1,
            [
                2,
                3,
            ],
        )

    def multi_line_chain(self):
        (self
         .itself()
         .itself()
         .sample(
             self
             .itself()))

    def itself(self):
        return self

    def keywords(self):
        def inner(*arguments, **keywords):
            return self.sample(arguments, keywords)
        inner(1, *(2, 3), a=4, **{"b": 5})

    def generator(self):
        def numbers(count):
            for number in range(count):
                yield self.sample(number)
        for _ in numbers(3):
            pass
        sum(numbers(3))

    def yield_from(self):
        def inner():
            yield self.sample(1)
            yield self.sample(2)

        def outer():
            yield from inner()
            return (yield from (self.sample(x) for x in (1, 2)))
        list(outer())

    def coroutine(self):
        async def leaf():
            return self.sample(1)

        async def branch():
            return await leaf()
        try:
            branch().send(None)
        except StopIteration:
            pass

    def asynchronous_generator(self):
        async def numbers():
            yield self.sample(1)
            yield self.sample(2)

        async def all_numbers():
            return [number async for number in numbers()]
        try:
            all_numbers().send(None)
        except StopIteration:
            pass

    def lambdas(self):
        (lambda: (lambda x: self.sample(x))(1))()

    def comprehensions(self):
        [self.sample(x) for x in range(2)]
        {self.sample(x) for x in range(2)}
        {x: [self.sample(y) for y in range(2)] for x in range(2)}

    def class_body(self):
        sample = self.sample

        class Outer:
            sample()

            class Inner:
                x = sample(
                    1)

    def decorated(self):
        def decorator(function):
            @functools.wraps(function)
            def wrapper(*arguments):
                return function(*arguments)
            return wrapper

        @decorator
        @decorator
        def inner(x):
            return self.sample(x)
        inner(1)

    def executed(self):
        exec("def f():\n\n    return sample(\n        1)\nf()", {"sample": self.sample})
        eval("sample(1)", {"sample": self.sample})

    def constructor(self):
        class Made:
            def __init__(made, sample):
                made.value = sample(1)

        for _ in range(2):
            Made(self.sample)

    def attribute(self):
        class Computed:
            value = property(lambda it: self.sample(1))

            def __getattr__(it, name):
                return self.sample(name)

            def __getitem__(it, key):
                return self.sample(key)

            def __add__(it, other):
                return self.sample(other)

            def __eq__(it, other):
                return self.sample(True)

            __hash__ = None

            def __iter__(it):
                return iter([self.sample(1)])

        it = Computed()
        it.value, it.other, it[1], it + 1, it == 1, [*it]

    def callbacks(self):
        sorted([3, 1, 2], key=self.sample)
        list(map(self.sample, [1, 2]))
        functools.partial(self.sample, 1)()
        functools.reduce(lambda x, y: self.sample(y), [1, 2, 3])
        re.sub("a", lambda match: self.sample("b"), "aa")

    def with_block(self):
        @contextlib.contextmanager
        def manager():
            self.sample()
            yield
            self.sample()
        with manager():
            self.sample()

    def exception(self):
        try:
            raise ValueError
        except ValueError:
            self.sample()
        finally:
            self.sample()

    def hot(self):
        for number in range(50):
            self.sample(number) if number % 25 == 0 else self.itself()

    def dropped(self):
        Dropped(self.oracle)
        it = Dropped(self.oracle)
        del it
        it = Dropped(self.oracle)
        it = None

    def dropped_by_return(self):
        def inner():
            it = Dropped(self.oracle)
            return it and 1
        inner()

    def collected(self):
        it = Dropped(self.oracle)
        it.cycle = it
        del it
        gc.collect(0)

    def recursion(self, depth=60):
        if depth:
            return self.recursion(
                depth - 1)
        return self.sample(depth)

    def names(self):
        for path, name in (
            ("latin-\u00e9.py", "caf\u00e9"),
            ("/\u4e2d\u6587/\u65e5\u672c.py", "\u51fd\u6570"),
            ("/\U0001d4d0/astral.py", "\U0001d4d0bc"),
            ("/undecodable-\udcff.py", "plain"),
            ("<string>", "x" * 60),
        ):
            source = "\n\ndef %s(sample):\n    return sample(\n  1)\n" % name
            space = {}
            exec(compile(source, path, "exec"), space)
            [value for value in space.values() if callable(value)][0](self.sample)

    def long_code(self):
        exec(LONG_CODE, {"sample": self.sample})


LONG_CODE = compile(
    "x = 0\n" + "x = x + 1000  # and on\n" * 300 + "\n" * 200 + "sample(\n\nx)\n" + "x = 1\n" * 300,
    "<long>", "exec")


def greenlet_shape(oracle):
    try:
        import greenlet
    except ImportError:
        return None

    def switched():
        def inner(value):
            greenlet.getcurrent().parent.switch(oracle.sample(value))
            return oracle.sample(value)

        def outer():
            other = greenlet.greenlet(inner)
            other.switch(1)
            oracle.sample()
            other.switch()
        greenlet.greenlet(outer).switch()
        oracle.sample()
    return switched


def asyncio_shape(oracle):
    loop = asyncio.new_event_loop()

    async def leaf():
        await asyncio.sleep(0)
        return oracle.sample(1)

    async def root():
        tasks = [asyncio.ensure_future(leaf()), asyncio.ensure_future(leaf())]
        await asyncio.gather(*tasks)
        oracle.sample()

    return lambda: loop.run_until_complete(root())


class Noise:
    """Threads that compile, free and collect meanwhile."""

    def __init__(self):
        self.is_over = False
        self.threads = [threading.Thread(target=self.run, args=(work,), daemon=True)
                        for work in (self.compile, self.collect, self.free)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()

    def __exit__(self, *ignored):
        self.is_over = True
        for thread in self.threads:
            thread.join()

    def run(self, work):
        number = 0
        while not self.is_over:
            number += 1
            work(number)
            # On a busy machine they would keep the interpreter's lock from the others.
            time.sleep(0.0005)

    def compile(self, number):
        space = {}
        source = "def made_%d(x):\n    return [x for x in range(%d)]\n" % (number, number % 10)
        exec(compile(source, "/noise/%d.py" % number, "exec"), space)
        space["made_%d" % number](1)

    def collect(self, number):
        it = [number]
        it.append(it)
        gc.collect(0)

    def free(self, number):
        [str(x) * 10 for x in range(100)]


def run_all(oracle, shapes, until):
    while oracle.stacks < until:
        for _, shape in shapes:
            shape()


def run_each_once(oracle, shapes):
    for name, shape in shapes:
        before = oracle.stacks
        shape()
        assert oracle.stacks > before, "%s compared nothing" % name


def run_in_threads(oracle, shapes, until, count=4):
    failures = []

    def run():
        try:
            run_all(oracle, shapes, until)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


def main(path, stacks):
    oracle = Oracle(path)
    assert ctypes.CDLL(path).probe_attach() == 1, "this interpreter is not supported"
    methods = Shapes(oracle)
    shapes = [(name, getattr(methods, name)) for name in sorted(vars(Shapes))
              if not name.startswith("_") and name != "itself"]
    everywhere = list(shapes)
    shapes.append(("asyncio", asyncio_shape(oracle)))
    greenlets = greenlet_shape(oracle)
    if greenlets:
        shapes.append(("greenlet", greenlets))

    begun = time.time()
    run_each_once(oracle, shapes)
    run_all(oracle, shapes, stacks * 6 // 10)
    oracle.probe = oracle.detached
    run_all(oracle, shapes, stacks * 8 // 10)
    sys.setswitchinterval(0.0005)
    with Noise():
        run_all(oracle, shapes, stacks * 8 // 10 + 1000)
        oracle.probe = oracle.attached
        run_all(oracle, shapes, stacks * 9 // 10)
        run_in_threads(oracle, everywhere, stacks)
    print(json.dumps({
        "version": sys.version.split()[0],
        "stacks": oracle.stacks,
        "frames": oracle.frames,
        "deepest": oracle.deepest,
        "greenlets": bool(greenlets),
        "seconds": round(time.time() - begun, 1),
        "mismatches": oracle.mismatches,
    }))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

"""Checks what the shim reads of the moment at which a C function of an object is run.

    python frames_moments.py frames_probe.so

Objects are closed, dropped and collected in each way that a program can; each row says
what must be seen then. Prints one JSON object.
"""
import contextlib
import ctypes
import gc
import json
import sys

LIBRARY = ctypes.CDLL(sys.argv[1])
LIBRARY.probe_recorded.restype = ctypes.c_size_t
LIBRARY.probe_recorded.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
ctypes.pythonapi.PyCapsule_New.restype = ctypes.py_object
ctypes.pythonapi.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
DESTROY = ctypes.cast(LIBRARY.probe_destroy, ctypes.c_void_p)

KNOWS_COLLECTING = sys.version_info >= (3, 7)
TELLS_COLUMNS = TELLS_RETURNS = sys.version_info >= (3, 11)
record = LIBRARY.probe_record


def dropped():
    """An object of a C extension, which runs a C function when it goes."""
    return ctypes.pythonapi.PyCapsule_New(1, None, DESTROY)


class Connection:
    """Its methods are C functions, as those of a C type."""
    close = record
    __exit__ = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.py_object] * 3)(("probe_record", LIBRARY))

    def __enter__(self):
        return self

    @property
    def itself(self):
        return self


class Holder:
    connection = Connection()


def explicit(c):
    c.close()


def of_attribute(c):
    holder = Holder()
    holder.connection.close()


def with_arguments(c, x=1):
    c.close(1 if x else 2, len([x, x + 1]), x and 2, len({"a": x}), "%d" % x and f"{x}", x < 2)


def with_chained_comparison(c, x=1):
    c.close(x < 2 < 3)


def with_starred(c):
    c.close(1, *[2, 3])


def with_starred_or(c):
    c.close(*[2, 3], **({} or {}))


def with_many_names(c):
    exec(MANY_NAMES, {"c": c})


MANY_NAMES = compile("if 0:\n" + "".join("    n%d\n" % i for i in range(300)) + "c.close(1)\n",
                     "<many>", "exec")


def multi_line(c):
    (c
     .itself
     .close(
         1,
         2))


def chained(c):
    c.itself.itself.close(len(repr(c.itself)))


def nested(c):
    str(c.close(str(1)))


def from_local(c):
    finish = c.close
    finish()


def from_closure(c):
    finish = c.close

    def inner():
        finish(finish and 1)
    inner()


def from_cell(c):
    finish = c.close

    def inner():
        return finish
    finish()


def from_global(c):
    record()


def from_table(c):
    [c.close][0]()


def as_callback(c):
    sorted([1], key=c.close)


def as_condition(c):
    if not c.close():
        pass


def in_finally(c):
    try:
        c.itself
    finally:
        c.close()


def in_generator(c):
    def inner():
        yield c.close()
    list(inner())


def in_comprehension(c):
    [x.close() for x in [c]]


def in_lambda(c):
    (lambda: c.close())()


def in_class_body(c):
    class Inner:
        c.close()


def with_block(c):
    with c:
        pass


def with_target(c):
    with c as d:
        d.itself


def with_return(c):
    def inner():
        with c:
            return 1
    inner()


def with_exception(c):
    try:
        with c:
            raise ValueError
    except ValueError:
        pass


def with_closing(c):
    with contextlib.closing(c):
        pass


def with_exit_stack(c):
    with contextlib.ExitStack() as stack:
        stack.callback(c.close)


def none_arguments(c):
    c.close(None, None, None)


def deleted(c):
    it = dropped()
    del it


def replaced(c):
    it = dropped()
    it = None


def attribute_replaced(c):
    holder = Holder()
    holder.it = dropped()
    holder.it = None


def ignored(c):
    dropped()


def popped(c):
    list(
        [dropped()]
    ).pop()


def cleared(c):
    them = [dropped()]
    them.clear()


def returned(c):
    def inner():
        it = dropped()
        return it and 1
    inner()


def left_by_exception(c):
    def inner():
        it = dropped()
        raise ValueError(it and 1)
    try:
        inner()
    except ValueError:
        pass


def generator_ended(c):
    def inner():
        it = dropped()
        yield it and 1
    for _ in inner():
        pass


def collected(c):
    it = [dropped()]
    it.append(it)
    del it
    gc.collect()


def collected_meanwhile(c):
    it = [dropped()]
    it.append(it)
    del it
    kept = []
    for _ in range(100000):
        kept.append([])


def deleted_in_callback(c):
    def callback(phase, info):
        it = dropped()
        del it
    gc.callbacks.append(callback)
    try:
        gc.collect()
    finally:
        gc.callbacks.remove(callback)


# What is called when a function's return drops: nothing, or up to 3.10 the function.
def at_return(name):
    return "-" if TELLS_RETURNS else name


def in_one_function(c, way):
    finish, held = c.close, dropped() if way == "drop" else None
    if way == "close":
        c.close()
    elif way == "finish":
        finish()
    held = None


def one_way(way):
    """The places of one function are told apart, whichever came before."""
    def one_function(c):
        in_one_function(c, way)
    return one_function


ROWS = [
    (one_way("close"), "close"),
    (one_way("finish"), "finish"),
    (one_way("drop"), "-"),
    (explicit, "close"),
    (of_attribute, "close"),
    (with_arguments, "close"),
    (with_chained_comparison, "close" if TELLS_COLUMNS else "?"),
    (with_starred, "close"),
    (with_starred_or, "close"),
    (with_many_names, "close"),
    (multi_line, "close"),
    (chained, "close"),
    (nested, "close"),
    (from_local, "finish"),
    (from_closure, "finish"),
    (from_cell, "finish"),
    (from_global, "record"),
    (from_table, "?"),
    (as_callback, "sorted"),
    (as_condition, "close"),
    (in_finally, "close"),
    (in_generator, "close"),
    (in_comprehension, "close"),
    (in_lambda, "close"),
    (in_class_body, "close"),
    (with_block, "__exit__"),
    (with_target, "__exit__"),
    (with_return, "__exit__"),
    (with_exception, "__exit__"),
    (with_closing, "close"),
    (with_exit_stack, "callback"),
    (none_arguments, "close"),
    (deleted, "-"),
    (replaced, "-"),
    (attribute_replaced, "-"),
    (ignored, "-"),
    (popped, "-"),
    (cleared, "clear"),
    (returned, at_return("inner")),
    (left_by_exception, "-"),
    (generator_ended, "-"),
]
COLLECTING_ROWS = [
    (collected, "collect"),
    (collected_meanwhile, None),
    (deleted_in_callback, "-"),
]


def run(function, called, collecting, failures):
    text = ctypes.create_string_buffer(4096)
    connection = Connection()
    LIBRARY.probe_recorded(text, len(text))
    function(connection)
    LIBRARY.probe_recorded(text, len(text))
    count, finalizing, is_collecting, is_known, seen, innermost = text.value.decode().split()
    expected = {
        "called": called or seen,
        "collecting": str(int(collecting and KNOWS_COLLECTING)),
        "known": str(int(KNOWS_COLLECTING)),
        "finalizing": "0",
    }
    found = {"called": seen, "collecting": is_collecting, "known": is_known,
             "finalizing": finalizing}
    if int(count) == 0 or found != expected:
        failures.append({"row": function.__name__, "count": count, "found": found,
                         "expected": expected, "innermost": innermost})


def check_self(failures):
    """The first argument, plain, in a cell, and absent."""
    text = ctypes.create_string_buffer(4096)

    class Pool:
        def plain(self):
            LIBRARY.probe_self(0, text, len(text))
            return text.value.decode()

        def in_cell(self):
            def inner():
                return self
            LIBRARY.probe_self(0, text, len(text))
            return inner and text.value.decode()

        @staticmethod
        def absent():
            LIBRARY.probe_self(0, text, len(text))
            return text.value.decode()

    pool = Pool()
    expected = "Pool %d" % id(pool)
    rows = [("plain", pool.plain(), expected), ("absent", pool.absent(), "error -14")]
    if sys.version_info >= (3, 11):
        rows.append(("in_cell", pool.in_cell(), expected))
    for name, seen, wanted in rows:
        if seen != wanted:
            failures.append({"row": "self " + name, "found": seen, "expected": wanted})


@contextlib.contextmanager
def traced():
    """As debuggers and, up to 3.11, coverage do: a call a line."""
    def tracer(frame, event, argument):
        return tracer
    sys.settrace(tracer)
    try:
        yield
    finally:
        sys.settrace(None)


@contextlib.contextmanager
def monitored():
    """As coverage does from 3.12 on, and more: every instruction is replaced."""
    monitoring = sys.monitoring
    events = monitoring.events
    monitoring.use_tool_id(monitoring.COVERAGE_ID, "frames_moments")
    for event in (events.LINE, events.INSTRUCTION, events.CALL):
        monitoring.register_callback(monitoring.COVERAGE_ID, event, lambda *ignored: None)
    monitoring.set_events(monitoring.COVERAGE_ID, events.LINE | events.INSTRUCTION | events.CALL)
    try:
        yield
    finally:
        monitoring.set_events(monitoring.COVERAGE_ID, 0)
        monitoring.free_tool_id(monitoring.COVERAGE_ID)


def main():
    failures = []
    assert LIBRARY.probe_attach() == 1, "this interpreter is not supported"
    assert LIBRARY.probe_keeps_errno() == 1
    # Cold first, then again with the bytecode specialised.
    for _ in range(60):
        for function, called in ROWS:
            run(function, called, False, failures)
    for changed in (traced, monitored) if hasattr(sys, "monitoring") else (traced,):
        with changed():
            for function, called in 2 * ROWS:
                run(function, called, False, failures)
    for function, called in COLLECTING_ROWS:
        run(function, called, True, failures)
    check_self(failures)
    print(json.dumps({"version": sys.version.split()[0], "rows": len(ROWS) + len(COLLECTING_ROWS),
                      "failures": failures[:20]}))


if __name__ == "__main__":
    main()

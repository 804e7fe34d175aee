"""Says what the shim reads while the interpreter ends.

    PROBE_AT_END=1 PROBE_SAYS_DESTROY=1 python frames_finalization.py frames_probe.so [threads]

With threads, two are in C and walk their frames all the while; their frames keep the module
alive, so nothing of it is dropped. A line an event: what it is, then a count, finalizing,
collecting, collecting known, called and the innermost function; from __del__ also whether
the frames are sys._getframe's.
"""
import atexit
import ctypes
import os
import sys
import threading

LIBRARY = ctypes.PyDLL(sys.argv[1])
LIBRARY.probe_recorded.restype = ctypes.c_size_t
LIBRARY.probe_recorded.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
LIBRARY.probe_walk.restype = ctypes.c_size_t
LIBRARY.probe_walk.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_int)]
ctypes.pythonapi.PyCapsule_New.restype = ctypes.py_object
ctypes.pythonapi.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
assert LIBRARY.probe_attach() == 1, "this interpreter is not supported"

text = ctypes.create_string_buffer(1 << 16)
close = LIBRARY.probe_record


def say(what, recorded, write=os.write):
    write(1, ("%s: %s\n" % (what, recorded)).encode())


def recorded(library=LIBRARY, text=text):
    library.probe_recorded(text, len(text))
    return text.value.decode().strip()


@atexit.register
def at_exit():
    close()
    say("atexit", recorded())


class Last:
    """Dropped when its module is cleared."""

    def __del__(self, library=LIBRARY, text=text, say=say, recorded=recorded,
                _getframe=sys._getframe, truncated=ctypes.byref(ctypes.c_int())):
        record = library.probe_record
        record()
        say("del", recorded(library, text))
        library.probe_walk(text, len(text), truncated)
        seen = [line.split("\x1f")[0] for line in text.value.decode().split("\n")[:-1]]
        expected = []
        frame = _getframe(0)
        while frame is not None:
            code = frame.f_code
            expected.append(getattr(code, "co_qualname", code.co_name))
            frame = frame.f_back
        say("frames", "same" if seen == expected else "%r %r" % (seen, expected))


def stay_in_c(library=ctypes.CDLL(sys.argv[1])):
    library.probe_walk_for_ms(300)


if sys.argv[2:] == ["threads"]:
    for _ in range(2):
        thread = threading.Thread(target=stay_in_c)
        thread.daemon = True
        thread.start()
capsule = ctypes.pythonapi.PyCapsule_New(
    1, None, ctypes.cast(LIBRARY.probe_destroy, ctypes.c_void_p))
last = Last()

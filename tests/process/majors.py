"""The majors of PostgreSQL that libpq 12 to 18 came with: each libpq, and its own server."""
from server import Server

MAJORS = range(12, 19)


class Major:
    """`libraries` is for LD_LIBRARY_PATH: libpq and what it was built with, but nothing else of
    the package, whose libz and liblzma are older than those of the programs here."""

    def __init__(self, number, native, libraries):
        self.number = number
        self.libraries = libraries
        self.libpq = libraries / "libpq.so.5"
        for name in ("libpq.so.5", "libcrypto.so.1.1", "libssl.so.1.1"):
            (libraries / name).symlink_to(native / "lib" / name)
        # Few connections, so that a test can fill them.
        self.server = Server(native / "bin", max_connections=20)

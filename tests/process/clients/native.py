"""Compiled programs: libraries above libpq, in C, C++ and Rust. Meson built those it could."""
from clients import Client, Leak


def native(name, loaded, source, leak):
    """A row whose program has its source's name, without the ending."""
    program = "{build}/clients/" + source.partition(".")[0]
    return Client(name, "c", loaded, f"native/{source}", (program,), leak,
                  needs=(program,))


CLIENTS = [
    native("libpqxx (C++)", "linked", "libpqxx.cc",
           Leak("use_and_forget()", "open", "leak")),
    native("ecpg", "linked", "ecpg.pgc", Leak("open_one", "open", "leak")),
    native("psqlODBC", "local", "odbc.c", Leak("open_one", "open", "leak")),
    native("Qt QPSQL (C++)", "local", "qt.cc",
           Leak("work(QString const&)", "shutdown", "leak", count=3, how="exit handler")),
    native("GDAL", "linked", "gdal.c", Leak("open_one", "open", "leak")),
    native("Rust pq-sys", "linked", "pq_sys.rs",
           Leak("pq_sys::Connection::open", "open", "leak")),
    native("APR DBD", "local", "apr.c", Leak("open_one", "open", "leak")),
]

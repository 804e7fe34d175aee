"""Perl's driver, what is built on it, and its threads."""
from clients import Client, Leak

PERL = "/usr/bin/perl"
MODULES = "/usr/lib/x86_64-linux-gnu/perl5/5.36"
SHARED = "/usr/share/perl5"
DROPPED = Leak("main::handle_request", "collected", "dropped", 3, how="last reference")


def client(name, source, leak, module):
    return Client(name, "perl", "local", f"perl/{source}", (PERL, "{source}"), leak,
                  needs=(module,))


CLIENTS = [
    client("DBD::Pg", "dbd_pg.pl", DROPPED, f"{MODULES}/DBD/Pg.pm"),
    client("DBI, connect_cached", "connect_cached.pl",
           Leak("main::handle", "shutdown", "held", how="interpreter shutdown"),
           f"{MODULES}/DBD/Pg.pm"),
    client("DBIx::Class", "dbix_class.pl",
           Leak("main::one_of", "collected", "dropped", 3, how="finaliser"),
           f"{SHARED}/DBIx/Class.pm"),
    client("DBIx::Connector", "dbix_connector.pl",
           Leak("main::handle_request", "collected", "dropped", 3, how="finaliser"),
           f"{SHARED}/DBIx/Connector.pm"),
    client("Mojo::Pg", "mojo_pg.pl", DROPPED, f"{SHARED}/Mojo/Pg.pm"),
    client("Perl threads", "perl_threads.pl",
           Leak("main::work", "collected", "dropped", 2, how="last reference"),
           f"{MODULES}/DBD/Pg.pm"),
]

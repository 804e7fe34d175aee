"""Ruby's driver and what is built on it."""
from clients import Client, Leak

RUBY = "/usr/bin/ruby"
SHUTDOWN = "interpreter shutdown"
PG = "/usr/lib/ruby/vendor_ruby/pg.rb"
ACTIVERECORD = "/usr/share/doc/ruby-activerecord"
SEQUEL = "/usr/lib/ruby/vendor_ruby/sequel.rb"


def client(name, source, leak, *needs):
    return Client(name, "ruby", "global", f"ruby/{source}.rb", (RUBY, "{source}"), leak,
                  needs=(RUBY, PG, *needs))


CLIENTS = [
    client("ruby-pg", "ruby_pg", Leak("open_one", "shutdown", "held", how=SHUTDOWN)),
    client("ruby-pg in threads", "threads_pg",
           Leak("worker", "shutdown", "held", count=2, how=SHUTDOWN)),
    client("ruby-pg in fibers", "fibers_pg",
           Leak("block in session", "shutdown", "held", count=2, how=SHUTDOWN)),
    client("ActiveRecord", "activerecord_pool",
           Leak("ask", "shutdown", "leak", count=4, how=SHUTDOWN), ACTIVERECORD),
    client("ActiveRecord in threads", "activerecord_threads",
           Leak("answer", "shutdown", "held", count=3, how=SHUTDOWN), ACTIVERECORD),
    client("Sequel", "sequel_pool",
           Leak("connect", "shutdown", "leak", count=4, how=SHUTDOWN), SEQUEL),
]

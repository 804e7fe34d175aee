"""ActiveRecord's tests for PostgreSQL, over ruby-pg."""
import re

from fetch import Debian
from suite import Suite

CASES = ("test/cases/adapters/postgresql/**/*_test.rb", "test/cases/connection_pool_test.rb",
         "test/cases/transactions_test.rb", "test/cases/disconnected_test.rb",
         "test/cases/reaper_test.rb", "test/cases/pooled_connections_test.rb")
OUTCOMES = {".": "ok", "S": "skipped", "F": "failed", "E": "error"}


def run_activerecord(run):
    place = run.make("activerecord")
    run.copy(run.source / "activerecord" / "test", "activerecord/test")
    for name in ("activerecord_unittest", "activerecord_unittest2"):
        run.server.query(f"create database {name}")
    load = "; ".join(f"Dir['{case}'].sort.each {{ |file| require './' + file }}"
                     for case in CASES)
    status, output = run.output(["ruby", "-W0", "-Itest", "-e", load, "--", "-v", "--seed=1"],
                                place, ARCONN="postgresql")
    found = {match[1]: OUTCOMES[match[2]] for match in re.finditer(
        r"^(\S+#\S.*) = [0-9.]+ s = ([.SFE])$", output, re.M)}
    return found | {"(exit status)": status}


ROWS = [
    Suite("activerecord", "ActiveRecord over ruby-pg", Debian("rails"), run_activerecord,
          packages=("ruby-minitest", "ruby-mocha", "ruby-bcrypt")),
]

"""The suites of PHP's pgsql and pdo_pgsql."""
import shutil

from fetch import Debian
from outcomes import junit
from suite import Suite

PHP = "/usr/bin/php8.2"


def run_php(extension):
    """PHP's own runner writes beside the tests, of which it gets a copy."""
    def run(run):
        place = run.make("php")
        shutil.copy(run.source / "run-tests.php", place)
        for name in ("pgsql", "pdo", "pdo_pgsql"):
            run.copy(run.source / "ext" / name / "tests", f"php/ext/{name}/tests")
        results = run.directory / "results.xml"
        server = f"host=127.0.0.1 port={run.server.port} dbname=postgres user=postgres"
        status = run.execute(
            [PHP, "run-tests.php", "-q", "-p", PHP, "--show-diff", f"ext/{extension}/tests"],
            place, TEST_PHP_JUNIT=str(results), PGSQL_TEST_CONNSTR=server,
            PDO_PGSQL_TEST_DSN=f"pgsql:{server}", TEST_PHP_EXECUTABLE=PHP, NO_COLOR="1",
            REPORT_EXIT_STATUS="1")
        return junit(results) | {"(exit status)": status}
    return run


ROWS = [
    Suite("php-pgsql", "PHP's pgsql", Debian("php8.2"), run_php("pgsql")),
    Suite("php-pdo-pgsql", "PHP's pdo_pgsql", Debian("php8.2"), run_php("pdo_pgsql")),
]

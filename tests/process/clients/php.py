"""PHP's extensions, and what is built on them."""
from clients import Client, Leak

PHP = "/usr/bin/php"
LIBRARIES = "/usr/share/php"


def client(name, source, leak, *needs):
    return Client(name, "php", "deepbound", f"php/{source}.php", (PHP, "{source}"), leak,
                  needs=(PHP, "/etc/php/8.2/cli/conf.d/20-pgsql.ini", *needs))


CLIENTS = [
    client("PHP pgsql", "pgsql",
           Leak("Worker->job", "shutdown", "leak", 3, how="request shutdown")),
    client("PHP pgsql, pg_pconnect", "pconnect",
           Leak("connection", "shutdown", "held", how="interpreter shutdown")),
    client("PHP PDO", "pdo", Leak("answer", "collected", "dropped", how="last reference")),
    client("PHP PDO, persistent", "pdo_persistent",
           Leak("Store->__construct", "shutdown", "held", how="interpreter shutdown")),
    client("PHP, Doctrine DBAL", "doctrine",
           Leak("answer", "shutdown", "leak", 3, how="request shutdown"),
           f"{LIBRARIES}/Doctrine/DBAL"),
    client("PHP, Laravel's illuminate/database", "illuminate",
           Leak("answer", "shutdown", "held", how="request shutdown"),
           f"{LIBRARIES}/Illuminate/Database"),
]

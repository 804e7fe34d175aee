"""Django: its pool is psycopg_pool's; without it each thread has a connection of its own."""
import os
import threading

import django
from django.conf import settings
from step import step

BACKEND = {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"]}
settings.configure(DATABASES={
    "default": BACKEND | {"OPTIONS": {"pool": {"min_size": 2, "max_size": 3}}},
    "kept": BACKEND | {"CONN_MAX_AGE": None},
})
django.setup()

from django.db import connections, transaction  # noqa: E402


def say(name, **more):
    stats = connections["default"].pool.get_stats()
    step(name, stats["pool_available"], stats["pool_size"] - stats["pool_available"], **more)


def ask(alias):
    with connections[alias].cursor() as cursor:
        cursor.execute("select 1")


connections["default"].pool.open(wait=True)
with transaction.atomic():
    ask("default")
    say("in a transaction", by=["ask"])
connections["default"].close()
with transaction.atomic():
    ask("default")
say("committed, and held", silent_idle=1, silent_out=1)
connections["default"].close()
say("committed, and given back", silent_idle=2)
connections["default"].close_pool()

ask("kept")
thread = threading.Thread(target=ask, args=["kept"])
thread.start()
thread.join()
step("kept by threads", 0, 0)

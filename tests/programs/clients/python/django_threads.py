"""Django's ORM in threads: each has a connection of its own, that nobody closes for it."""
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql",
                           "NAME": os.environ["PGDATABASE"]}},
    INSTALLED_APPS=["django.contrib.contenttypes"], USE_TZ=True)
django.setup()

from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.db import connection, models  # noqa: E402

THREADS = 3


def close(number):
    try:
        return forget(number)
    finally:
        connection.close()


def forget(number):
    query = ContentType.objects.raw(f"select {number} as id, '' as app_label, '' as model")
    return [row.pk for row in query]  # leak here


def in_threads(work):
    def job(number):
        barrier.wait()  # so that each thread has one of them
        return work(number)

    with ThreadPoolExecutor(THREADS) as executor:
        return list(executor.map(job, range(THREADS)))


barrier = threading.Barrier(THREADS)
if sys.argv[1] == "closes":
    print(close(THREADS), in_threads(close))
else:
    print(in_threads(forget))
print("end")

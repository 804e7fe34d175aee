"""Connections opened by code of every shape; each line that opens one names its function."""
import asyncio
import contextlib
import functools
import importlib
import sys
import threading

driver = importlib.import_module(sys.argv[1])
kept = [driver.connect("")]  # <module>


def traced(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        return function(*arguments)

    return wrapper


def opened_before(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        return function(driver.connect(""), *arguments)  # opened_before.<locals>.wrapper

    return wrapper


@traced
def decorated():
    kept.append(driver.connect(""))  # decorated


@opened_before
def given(connection):
    kept.append(connection)


@functools.lru_cache(maxsize=None)
def cached():
    return driver.connect("")  # cached


def partial(conninfo):
    kept.append(driver.connect(conninfo))  # partial


class Opener:
    def __init__(self):
        self.first = driver.connect("")  # Opener.__init__

    def method(self):
        kept.append(driver.connect(""))  # Opener.method

    @classmethod
    def of_class(cls):
        kept.append(driver.connect(""))  # Opener.of_class

    @staticmethod
    def of_none():
        kept.append(driver.connect(""))  # Opener.of_none

    @property
    def attribute(self):
        return driver.connect("")  # Opener.attribute

    @functools.cached_property
    def cached_attribute(self):
        return driver.connect("")  # Opener.cached_attribute

    def __call__(self):
        kept.append(driver.connect(""))  # Opener.__call__


def generator():
    yield driver.connect("")  # generator


@contextlib.contextmanager
def managed():
    yield driver.connect("")  # managed


async def coroutine():
    kept.append(driver.connect(""))  # coroutine


def in_thread():
    kept.append(driver.connect(""))  # in_thread


def in_map(conninfo):
    return driver.connect(conninfo)  # in_map


opens = lambda: driver.connect("")  # <lambda>
kept.append(opens())
decorated()
given()
kept.append(cached())
functools.partial(partial, "")()
opener = Opener()
opener.method()
Opener.of_class()
Opener.of_none()
kept.append(opener.attribute)
kept.append(opener.cached_attribute)
opener()
kept.append(next(generator()))
with managed() as connection:
    kept.append(connection)
asyncio.run(coroutine())
thread = threading.Thread(target=in_thread)
thread.start()
thread.join()
kept.extend(map(in_map, [""]))

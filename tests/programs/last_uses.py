"""Opens and uses connections from frames that are hard to tell apart: functions and modules made
from texts of one shape, each gone before the next is made, so that the next one lies where the
last one was; recursion; two lines of one function; generators. Each connection is named by its
number, and its last use printed as JSON: its number, and [function, line, file] of its callers, as
Python says.

    last_uses.py CONNECTIONS
"""
import json
import sys

import psycopg2

frames = []


def helper(connection):
    frame = sys._getframe(1)
    frames.clear()
    while frame:
        code = frame.f_code
        name = getattr(code, "co_qualname", code.co_name)
        frames.append([name, frame.f_lineno, code.co_filename])
        frame = frame.f_back
    connection.cursor().execute("select 1")


def run(text, file, connection):
    names = {"helper": helper, "connection": connection}
    exec(compile(text, file, "exec"), names)


def by_lines(number, connection):
    blank = "\n" * (number % 5)
    run(f"def called(connection):\n{blank}    helper(connection)\ncalled(connection)\n",
        "lines.py", connection)


def by_file(number, connection):
    run("helper(connection)\n", f"file_{number % 7}.py", connection)


def by_class(number, connection):
    run(f"class Class{number % 7}:\n    def called(self): helper(connection)\n"
        f"Class{number % 7}().called()\n", "class.py", connection)


def by_depth(number, connection):
    return by_depth(number - 1, connection) if number else helper(connection)


def by_line(number, connection):
    if number % 2:
        helper(connection)
    else:
        helper(connection)


def by_generator(number, connection):
    def generator():
        yield by_line(number, connection)

    next(generator())


def use(number, connection):
    if number % 6 == 0:
        by_lines(number // 6, connection)
    elif number % 6 == 1:
        by_file(number // 6, connection)
    elif number % 6 == 2:
        by_class(number // 6, connection)
    elif number % 6 == 3:
        by_depth(number // 6 % 4, connection)
    elif number % 6 == 4:
        by_line(number // 6, connection)
    else:
        by_generator(number // 6, connection)


connections = []
for number in range(int(sys.argv[1])):
    connection = psycopg2.connect(application_name=str(number))
    connection.autocommit = True
    for step in 18, 12, 6, 1, 0:
        use(number + step, connection)
    connections.append(connection)
    print(json.dumps([number, frames]))

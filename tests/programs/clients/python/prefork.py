"""Connections and processes: each function is a way that parents and children share them.

The first argument names the function, the second how multiprocessing starts its children.
"""
import multiprocessing
import multiprocessing.util
import os
import sys

import pg
import psycopg
import psycopg2
from sqlalchemy import create_engine, text

kept = []


def open_one():
    return psycopg2.connect("")


def select(connection):
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        return cursor.fetchone()[0]


def in_child(work, *arguments):
    child = context.Process(target=work, args=arguments)
    child.start()
    child.join()
    print("child", child.exitcode)


def close_own():
    connection = open_one()
    select(connection)
    connection.close()


def keep_own():
    kept.append(open_one())


def child_closes_own():
    in_child(close_own)


def child_keeps_own():
    in_child(keep_own)


def parents_after(work, opened):
    """The parent's own connection is used before and after a child does `work` to it."""
    kept.append(opened)
    in_child(work)
    try:
        print("parent", select(opened))
    except psycopg2.OperationalError as error:
        print(type(error).__name__)
    opened.close()


def parents_is_left_alone():
    parents_after(close_own, open_one())


def parents_is_dropped():
    """psycopg2 and psycopg 3 leave a connection of another process alone."""
    parents_after(kept.clear, open_one())
    parents_after(kept.clear, psycopg.connect(""))


def parents_is_closed():
    parents_after(lambda: kept[0].close(), open_one())


def parents_is_used():
    """What the driver does not know, libpq does not either."""
    parents_after(lambda: select(kept[0]), open_one())


def parents_is_lent():
    kept.append(open_one())
    in_child(lambda: print(select(kept[0])))


def parents_is_finished_by_the_childs_end():
    """PyGreSQL asks nobody whose connection it is."""
    connection = pg.connect()
    if os.fork() == 0:
        sys.exit()
    os.wait()
    try:
        connection.query("select 1")
    except pg.Error as error:
        print(type(error).__name__)
    connection.close()


def use(engine):
    with engine.connect() as connection:
        return connection.execute(text("select 1")).scalar()


def dispose_and_use(engine):
    engine.dispose(close=False)
    use(engine)
    engine.dispose()


def engine_is_disposed_of_in_the_child():
    engine = create_engine("postgresql+psycopg2://")
    use(engine)
    in_child(dispose_and_use, engine)
    print("parent", use(engine))
    engine.dispose()


def close_and_use(engine):
    engine.dispose()
    use(engine)
    engine.dispose()


def engine_is_used_in_the_child():
    engine = create_engine("postgresql+psycopg2://")
    use(engine)
    in_child(use, engine)
    print("parent", use(engine))
    engine.dispose()


def engine_is_closed_in_the_child():
    engine = create_engine("postgresql+psycopg2://", pool_pre_ping=True)
    use(engine)
    in_child(close_and_use, engine)
    print("parent", use(engine))
    engine.dispose()


def close_at_end():
    keep_own()
    multiprocessing.util.Finalize(None, kept[0].close, exitpriority=1)


def begin_worker(initializer, both):
    global meeting
    meeting = both
    initializer()


def meet(number):
    meeting.wait()
    return number


def pool_of_workers(initializer):
    """Both workers have begun when this returns: each has a task, and waits for the other."""
    pool = context.Pool(2, begin_worker, (initializer, context.Barrier(2)))
    print(pool.map(meet, range(2), 1))
    return pool


def workers_keep_their_own():
    pool = pool_of_workers(keep_own)
    pool.close()
    pool.join()


def workers_close_at_their_end():
    pool = pool_of_workers(close_at_end)
    pool.close()
    pool.join()


def workers_are_terminated():
    with pool_of_workers(keep_own):
        pass


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[2])
    globals()[sys.argv[1]]()

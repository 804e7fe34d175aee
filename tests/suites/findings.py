"""What the shim reports over the suites, each looked at by hand.

(suite, verdict, the program's line, sentence): true or false, and why. Numbers in the sentence
are N. A false one is a fault of the shim's, and fails as a new one does.
"""
PYGRESQL = """build_row_factory callproc_bad_params callproc_no_params callproc_one_param
callproc_two_params change_row_factory_cache_size colnames coltypes connect_kwargs
connect_kwargs_with_special_chars cursor_iteration cursor_with_badly_named_columns
cursor_with_named_columns cursor_with_unnamed_columns description_fields no_close paramstyles
percent_sign row_factory sqlstate""".split()
FINDINGS = {
    ("pygresql", "stuck", "DatabaseAPI20Test._connect dbapi20.py",
     f"N of N were in a transaction begun by TestPgDb.test_{test} at test_dbapi20.py:N, and "
     "never closed: the garbage collector did it"):
        "true: the test executes, and neither closes nor commits" for test in PYGRESQL
} | {
    ("pygresql", "leak", "DB test_classic_dbwrapper.py",
     "N of N open at exit: the program did not close them, and no finaliser ran"):
        "true: test_delete_db's `del db.db` takes the connection from the wrapper that closes it",
    ("pygresql", "stuck", "DB test_classic_dbwrapper.py",
     "N of N were in a transaction begun by TestDBClassInit.test_async_query_after_deletion at "
     "test_classic_dbwrapper.py:N, and never closed: a finaliser did it"):
        "true: the test lets go of the connection before it asks for the query's result",
    ("activerecord", "leak", "block in new_conn_in_thread reaper_test.rb",
     "N open when the process ended by exit!, which skips at_exit and closes nothing"):
        "true: the child of the fork in a test of the reaper ends by exit!",
    ("activerecord", "leak", "block in new_conn_in_thread reaper_test.rb",
     "each came through a different ActiveRecord pool: establish_connection runs per call"):
        "true: each of the reaper's tests has a pool of its own, which the collector ends",
    ("activerecord", "stuck",
     "block (3 levels) in <class:PostgresqlTransactionTest> transaction_test.rb",
     "in a transaction begun by run at test_case.rb:N that nothing ended"):
        "false: closed by disconnect! in minitest's at_exit; a thread opened it, and its stack "
        "does not tell that this was at exit, too",
    ("activerecord", "stuck",
     "block (3 levels) in test_transaction_isolation__read_committed transactions_test.rb",
     "in a transaction begun by block in "
     "test_rollback_dirty_changes_even_with_raise_during_rollback_removes_from_pool at "
     "transactions_test.rb:N that nothing ended"):
        "false: as the one above",
    ("sqlalchemy-async", "stuck", "AsyncAdapt_dbapi_connection.create asyncio.py",
     "in a transaction begun by AsyncEngineTest.test_async_creator_handle_error.<locals>."
     "async_creator at test_engine.py:N, and never given back to the pool: one session is kept "
     "for all, as by a cache or a global name"):
        "true: the test's creator raises after a failed statement, and closes nothing; the cause "
        "guesses wrong",
    ("isolation", "stuck", "?",
     "N of N in a transaction that nothing ended"):
        "true: merge-update's last permutation leaves s1's transaction failed, and open",
    ("psycopg2*", "stuck", "thread mptest.py",
     "N of N were in a transaction begun by thread at mptest.py:N, and never closed: the last "
     "reference did it"):
        "true: test_multiprocess_close's thread executes, and lets its connection go",
    ("psycopg2*", "stuck", "<module> <string>",
     "in a transaction begun by <module> at <string>:N that nothing ended"):
        "true: _test_bug_551's script executes until its signal handler calls sys.exit",
    ("dbd-pg", "misuse", "(main) 02attribs.t",
     "inherited finish: opened by DBD::Pg::dr::connect Pg.pm"):
        "true: the test shows what a child's exit does to a handle without InactiveDestroy",
    ("php-pgsql", "stuck", "{main} 04async_query.php",
     "in a transaction begun by {main} at 04async_query.php:N that nothing ended"):
        "true: the last pg_send_query's result is never asked for",
    ("php-pgsql", "stuck", "{main} 09notice.php",
     "in a transaction begun by {main} at 09notice.php:N that nothing ended"):
        "true: four BEGIN, for their notices, and no end",
    ("php-pgsql", "stuck", "{main} gh10672.php",
     "in a transaction begun by {main} at gh10672.php:N that nothing ended"):
        "true: BEGIN for large objects, and no end",
    ("php-pdo-pgsql", "stuck", "PDOTest::factory pdo_test.inc",
     "in a transaction begun by {main} at bug67462.php:N that nothing ended"):
        "true: the last beginTransaction() is there for its return value",
    ("php-pdo-pgsql", "stuck", "PDOTest::factory pdo_test.inc",
     "in a transaction begun by {main} at gh9411.php:N that nothing ended"):
        "true: the third beginTransaction() is left to the end of the script",
    ("php-pdo-pgsql", "stuck", "PDOTest::factory pdo_test.inc",
     "in a transaction begun by {main} at large_objects.php:N that nothing ended"):
        "true: beginTransaction(), and no end",
    ("php-pdo-pgsql", "stuck", "PDOTest::factory pdo_test.inc",
     "in a transaction begun by {main} at pdo_017.skip.php:N that nothing ended"):
        "true: beginTransaction(), to see whether the driver has it, and no end",
}

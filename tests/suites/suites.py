"""The table of suites."""
import suites_cxx
import suites_perl
import suites_php
import suites_postgres
import suites_python
import suites_ruby


def rows(clients):
    return (suites_postgres.ROWS + suites_python.rows(clients) + suites_perl.ROWS
            + suites_php.ROWS + suites_ruby.ROWS + suites_cxx.ROWS)

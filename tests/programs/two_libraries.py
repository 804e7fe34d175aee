"""psycopg2 and psycopg 3 in one process: wheels bring a libpq each.

Server and user come from PGHOST, PGPORT, PGUSER and PGDATABASE.
"""
import psycopg
import psycopg2
import psycopg2.extensions

first = psycopg2.connect("")
second = psycopg.connect("")
print(psycopg2.extensions.libpq_version() // 10000, first.server_version // 10000, first.info.host)
print(psycopg.pq.version() // 10000, second.info.server_version // 10000, second.info.host)
second.close()
first.close()

"""Speaks PostgreSQL in Python alone."""
import os

import pg8000

connection = pg8000.connect(user=os.environ["PGUSER"], host=os.environ["PGHOST"],
                            port=int(os.environ["PGPORT"]), database=os.environ["PGDATABASE"])
cursor = connection.cursor()
cursor.execute("select 1")
print(cursor.fetchall())
connection.close()

"""All benchmarks, in the order of the table."""
import rows_calls

ROWS = rows_calls.ROWS

"""All benchmarks, in the order of the table."""
import rows_calls
import rows_peers

ROWS = rows_calls.ROWS + rows_peers.ROWS

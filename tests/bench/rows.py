"""All benchmarks, in the order of the table."""
import rows_calls
import rows_growth
import rows_languages
import rows_peers
import rows_programs
import rows_report

ROWS = (rows_calls.ROWS + rows_languages.ROWS + rows_growth.ROWS + rows_report.ROWS +
        rows_programs.ROWS + rows_peers.ROWS)

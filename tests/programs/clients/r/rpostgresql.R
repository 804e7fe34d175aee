# RPostgreSQL: a connection whose variable is gone is open until the process ends.
step <- function() invisible()
steps <- Sys.getenv("PQLEAK_TEST_STEPS")
if (nzchar(steps)) {
	ends <- file.path("/dev/fd", strsplit(steps, ",")[[1]])
	to_test <- file(ends[1], "wb", raw = TRUE)
	from_test <- file(ends[2], "rb", raw = TRUE)
	step <- function() {
		writeBin(charToRaw("."), to_test)
		flush(to_test)
		stopifnot(readBin(from_test, "raw", 1) == charToRaw("."))
	}
}

suppressPackageStartupMessages(library(RPostgreSQL))
work <- function(mode) {
	connection <- dbConnect(PostgreSQL())
	step()
	print(dbGetQuery(connection, "select 1 as one"))
	step()
	if (mode == "closes") {
		stopifnot(dbDisconnect(connection))
		step()
	}
}

work(commandArgs(trailingOnly = TRUE)[1])
gone <- gc()
step()
cat("end\n")

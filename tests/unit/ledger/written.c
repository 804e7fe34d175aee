#include "written.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/connections.h"
#include "ledger/records.h"
#include "ledger/results.h"

struct written *written_new(uint64_t size)
{
	struct written *written = calloc(1, sizeof(*written));

	assert_non_null(written);
	strcpy(written->directory, "/tmp/written-XXXXXX");
	assert_non_null(mkdtemp(written->directory));
	assert_int_equal(ledger_open(&written->ledger, written->directory, size, "python3 app.py",
				     "/usr/bin/python3.11"),
			 0);
	assert_false(written->ledger.is_private);
	assert_int_equal(written->ledger.dir_error, 0);
	return written;
}

struct reader *written_read(const struct written *written)
{
	enum reader_error error = READER_OK;
	struct reader *reader = reader_open(written->ledger.path, &error);

	assert_int_equal(error, READER_OK);
	assert_non_null(reader);
	return reader;
}

void written_free(struct written *written)
{
	assert_int_equal(unlink(written->ledger.path), 0);
	assert_int_equal(rmdir(written->directory), 0);
	ledger_forget(&written->ledger);
	assert_null(written->ledger.header);
	free(written);
}

uint32_t written_string(struct written *written, const char *text)
{
	uint32_t id = ledger_add_string(&written->ledger, text, strlen(text));

	assert_int_not_equal(id, 0);
	return id;
}

uint32_t written_stack(struct written *written, uint32_t hash)
{
	struct ledger_frame record = { .offset = hash };
	uint32_t frame = ledger_add_frame(&written->ledger, &record);
	uint32_t id = ledger_add_stack(&written->ledger, hash, &frame, 1, 0);

	assert_int_not_equal(frame, 0);
	assert_int_not_equal(id, 0);
	return id;
}

uint32_t written_connection(struct written *written, uint64_t number, uint32_t site, uint32_t pool)
{
	return ledger_add_connection(&written->ledger,
				     &(struct ledger_connection){
					     .state = LEDGER_OPEN,
					     .handle = number,
					     .opened_at_ns = number * 1000,
					     .transaction = LEDGER_TRANSACTION_IDLE,
					     .site = site,
					     .pool = pool,
				     });
}

void written_fill(struct ledger *ledger, uint32_t round)
{
	uint32_t frame, frames[3];
	char text[24];

	for (uint32_t i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "function %u.%u", round, i);
		frame = ledger_add_string(ledger, text, strlen(text));
		struct ledger_frame record = { .function = frame, .line = round + 1 };

		frames[i] = ledger_add_frame(ledger, &record);
		ledger_add_module(ledger, &(struct ledger_module){ .start = round * 3 + i });
	}
	uint32_t stack = ledger_add_stack(ledger, round, frames, 3, 0);
	uint32_t pool = ledger_find_pool(ledger, 4096 + round, 0, 0);
	uint32_t site = ledger_find_site(ledger, stack, round);

	for (int i = 0; i < 2; i++) {
		uint32_t id = ledger_add_connection(
			ledger, &(struct ledger_connection){ .state = LEDGER_OPEN, .site = site,
							     .opened_stack = stack,
							     .opened_at_ns = round, .pool = pool });
		if (i)
			ledger_end_connection(ledger, id, &(struct ledger_end){
								  .site = site, .pool = pool,
								  .at_ns = round + 7,
								  .closed_stack = stack });
	}
	ledger_add_misuse(ledger, &(struct ledger_misuse){ .kind = LEDGER_MISUSE_DOUBLE_FINISH,
							   .stack = stack, .count = 1 });
	ledger_make_result(ledger, LEDGER_RESULT_PGRESULT, stack, round);
}

/* All sections at once until each is full: none may reach into its neighbour. */

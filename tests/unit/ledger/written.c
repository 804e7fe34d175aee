#include "written.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/records.h"

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
	uint32_t frame = ledger_add_frame(&written->ledger, &(struct ledger_frame){ .offset = hash });
	uint32_t id = ledger_add_stack(&written->ledger, hash, &frame, 1, 0);

	assert_int_not_equal(frame, 0);
	assert_int_not_equal(id, 0);
	return id;
}

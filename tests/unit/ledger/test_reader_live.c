/* A reader at any moment of a writer that never rests: each record is whole, or said to
 * be torn, and what it refers to is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "ledger/reader.h"
#include "ledger_builder.h"

enum {
	READINGS = 3000,
	RECORDS = 16,
	UPDATE_NS = 2000 /* far less than a call of libpq takes */
};

struct writer {
	unsigned char *memory;
	struct ledger_header *header;
	atomic_bool is_over;
};

static void store_release(uint64_t *place, uint64_t value)
{
	__atomic_store_n(place, value, __ATOMIC_RELEASE);
}

/* A new string, complete before `used` covers it. */
static uint32_t append_string(struct writer *writer, uint64_t number)
{
	struct ledger_section *section = &writer->header->section[LEDGER_STRINGS];
	struct ledger_string *string;
	uint32_t id = (uint32_t)(section->used / 8) + 1;

	if (section->used + 16 > section->capacity)
		return 0;
	string = (struct ledger_string *)(writer->memory + section->offset + section->used);
	string->length = 7;
	memset(string + 1, 'a' + (int)(number % 26), 7);
	store_release(&section->used, section->used + 16);
	return id;
}

/* As the shim does: odd, the fields, even. */
static void update(struct ledger_connection *record, uint64_t number, uint32_t host)
{
	__atomic_store_n(&record->sequence, record->sequence + 1, __ATOMIC_RELAXED);
	atomic_thread_fence(memory_order_release);
	record->serial = number;
	record->opened_at_ns = number;
	record->ended_at_ns = number;
	record->uses = number;
	record->host = host;
	record->backend_pid = (int32_t)number;
	record->thread = (int32_t)number;
	__atomic_store_n(&record->sequence, record->sequence + 1, __ATOMIC_RELEASE);
}

static void *write_always(void *argument)
{
	struct writer *writer = argument;
	struct ledger_connection *records = (struct ledger_connection *)
		(writer->memory + writer->header->section[LEDGER_CONNECTIONS].offset);

	for (uint64_t number = 1; !writer->is_over; number++) {
		uint64_t until_ns = clock_monotonic_ns() + UPDATE_NS;

		/* Without a pause no reader could ever come between two updates. */
		while (clock_monotonic_ns() < until_ns)
			;
		update(&records[number % RECORDS], number,
		       number % 64 ? records[number % RECORDS].host
				   : append_string(writer, number));
	}
	return NULL;
}

static void check(const struct reader *reader)
{
	for (uint32_t id = 1; id <= RECORDS; id++) {
		const struct ledger_connection *record = reader_connection(reader, id);

		assert_non_null(record);
		if (reader_is_torn(reader, LEDGER_CONNECTIONS, id))
			continue;
		assert_int_equal(record->sequence % 2, 0);
		assert_int_equal(record->opened_at_ns, record->serial);
		assert_int_equal(record->ended_at_ns, record->serial);
		assert_int_equal(record->uses, record->serial);
		assert_int_equal(record->backend_pid, (int32_t)record->serial);
		assert_int_equal(record->thread, (int32_t)record->serial);
		if (record->host)
			assert_int_equal(strlen(reader_string(reader, record->host)), 7);
	}
}

static void every_record_is_whole_or_torn(void **state)
{
	struct ledger_builder *builder = builder_new(1);
	uint32_t site = builder_site(builder, 0);
	struct writer writer = { 0 };
	size_t torn = 0;
	pthread_t thread;
	char *path;
	int fd;

	(void)state;
	for (int i = 0; i < RECORDS; i++) {
		struct ledger_connection *record = builder_record(
			builder, LEDGER_CONNECTIONS, builder_open(builder, site, 0));

		record->host = 0;
	}
	path = builder_write(builder);
	fd = open(path, O_RDWR | O_CLOEXEC);
	writer.memory = mmap(NULL, builder->header.file_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			     fd, 0);
	assert_ptr_not_equal(writer.memory, MAP_FAILED);
	close(fd);
	writer.header = (struct ledger_header *)writer.memory;
	for (uint64_t i = 0; i < RECORDS; i++)
		update((struct ledger_connection *)
		       (writer.memory + builder->header.section[LEDGER_CONNECTIONS].offset) + i,
		       i, 0);
	assert_int_equal(pthread_create(&thread, NULL, write_always, &writer), 0);
	for (int i = 0; i < READINGS; i++) {
		enum reader_error error;
		struct reader *reader = reader_open(path, &error);

		assert_non_null(reader);
		check(reader);
		for (uint32_t id = 1; id <= RECORDS; id++)
			torn += reader_is_torn(reader, LEDGER_CONNECTIONS, id);
		reader_free(reader);
	}
	writer.is_over = true;
	pthread_join(thread, NULL);
	/* A writer that lives is waited for. */
	assert_true(torn < READINGS * RECORDS / 10);
	munmap(writer.memory, builder->header.file_size);
	unlink(path);
	free(path);
	builder_free(builder);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_record_is_whole_or_torn) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The writer in one process, as fast as it can; the reader in another, at any moment:
 * each record is whole or said to be torn, and what it refers to is there.
 */
#include "ledger/writer.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/connections.h"
#include "ledger/reader.h"
#include "ledger/records.h"
#include "written.h"

enum { READINGS = 400, WRITTEN_MIN = 500000, OPEN_MAX = 50 };
enum { SITES = 8, HOSTS = 200000, CHANGES = 3 };

struct shared {
	atomic_bool is_over;
	_Atomic uint64_t written;
};

static uint32_t text_add(struct ledger *ledger, uint64_t serial)
{
	char text[32];

	snprintf(text, sizeof(text), "host-%lu", serial / 16 % HOSTS);
	return ledger_add_string(ledger, text, strlen(text));
}

static uint32_t open_one(struct ledger *ledger, const uint32_t *sites, uint32_t pool)
{
	uint64_t serial = ledger->header->opened + 1;
	const struct ledger_site *site =
		ledger_record(ledger, LEDGER_SITES, sites[serial % SITES]);

	return ledger_add_connection(ledger, &(struct ledger_connection){
						     .state = LEDGER_OPEN,
						     .handle = serial * 16,
						     .opened_at_ns = serial * 1000,
						     .socket_inode = serial + 7,
						     .backend_pid = (int32_t)serial,
						     .thread = (int32_t)serial,
						     .site = sites[serial % SITES],
						     .opened_stack = site->opened_stack,
						     .pool = pool,
						     .host = text_add(ledger, serial),
					     });
}

/* A change of many fields: all are the number of uses. */
static void use_one(struct ledger *ledger, uint32_t id)
{
	struct ledger_connection *record = ledger_record(ledger, LEDGER_CONNECTIONS, id);

	ledger_change_begin(&record->sequence);
	record->uses++;
	record->last_use_at_ns = record->uses;
	record->begun_at_ns = record->uses;
	record->server_version = (int32_t)record->uses;
	ledger_change_end(&record->sequence);
}

static void end_one(struct ledger *ledger, uint32_t id, uint32_t pool)
{
	const struct ledger_connection *record = ledger_record(ledger, LEDGER_CONNECTIONS, id);
	uint64_t serial = record->serial;

	ledger_end_connection(ledger, id, &(struct ledger_end){
						  .at_ns = serial * 2000,
						  .site = record->site,
						  .pool = pool,
						  .closed_stack = record->opened_stack,
						  .evidence = LEDGER_EXITING,
					  });
}

static void write_always(struct written *written, struct shared *shared)
{
	struct ledger *ledger = &written->ledger;
	uint32_t sites[SITES], open[OPEN_MAX] = { 0 };
	uint32_t pool = ledger_find_pool(ledger, 0x7f00, 0, 0);

	for (uint32_t i = 0; i < SITES; i++)
		sites[i] = ledger_find_site(ledger, written_stack(written, i + 1), i);
	for (uint64_t round = 0; !shared->is_over; round++) {
		uint32_t *id = &open[round % OPEN_MAX];

		if (*id)
			end_one(ledger, *id, pool);
		*id = open_one(ledger, sites, pool);
		for (int i = 0; i < CHANGES; i++)
			use_one(ledger, open[(round * 7 + 3) % OPEN_MAX] ?
						open[(round * 7 + 3) % OPEN_MAX] : *id);
		shared->written = round + 1;
	}
}

static void check_connection(const struct reader *reader, const struct ledger_connection *record)
{
	char text[32];

	snprintf(text, sizeof(text), "host-%lu", record->serial / 16 % HOSTS);
	assert_int_equal(record->sequence % 2, 0);
	assert_int_equal(record->handle, record->serial * 16);
	assert_int_equal(record->opened_at_ns, record->serial * 1000);
	assert_int_equal(record->socket_inode, record->serial + 7);
	assert_int_equal(record->backend_pid, (int32_t)record->serial);
	assert_int_equal(record->thread, (int32_t)record->serial);
	assert_int_equal(record->last_use_at_ns, record->uses);
	assert_int_equal(record->begun_at_ns, record->uses);
	assert_int_equal(record->server_version, (int32_t)record->uses);
	assert_string_equal(reader_string(reader, record->host), text);
	assert_int_equal(reader_stack(reader, record->opened_stack).frame_count, 1);
	if (record->state == LEDGER_ENDED) {
		assert_int_equal(record->ended_at_ns, record->serial * 2000);
		assert_int_equal(record->closed_stack, record->opened_stack);
		assert_int_equal(record->evidence, LEDGER_EXITING);
	} else {
		assert_int_equal(record->state, LEDGER_OPEN);
		assert_int_equal(record->ended_at_ns, 0);
		assert_int_equal(record->closed_stack, 0);
	}
}

static void check_sums(const struct reader *reader)
{
	for (uint32_t id = 1; id <= reader_count(reader, LEDGER_SITES); id++) {
		const struct ledger_site *site = reader_site(reader, id);

		if (reader_is_torn(reader, LEDGER_SITES, id))
			continue;
		assert_int_equal(site->opened - site->finished, site->open);
		assert_true(site->peak_open >= site->open && site->peak_open <= OPEN_MAX + 1);
	}
	if (reader_count(reader, LEDGER_POOLS) && !reader_is_torn(reader, LEDGER_POOLS, 1))
		assert_true(reader_pool(reader, 1)->peak_open >= reader_pool(reader, 1)->open);
}

/* Returns how many records were torn. */
static size_t check(const struct reader *reader)
{
	size_t torn = 0, count = reader_count(reader, LEDGER_CONNECTIONS);

	for (uint32_t id = 1; id <= count; id++) {
		if (reader_is_torn(reader, LEDGER_CONNECTIONS, id))
			torn++;
		else
			check_connection(reader, reader_connection(reader, id));
	}
	check_sums(reader);
	return torn;
}

/* Nobody waits for the writer any more: what it was inside of is torn, and only that. */
static void check_after_kill(const struct written *written)
{
	struct reader *reader = written_read(written);

	assert_true(check(reader) <= 1);
	assert_true(reader_damaged(reader) <= 3);
	reader_free(reader);
}

static void every_record_is_whole_or_torn(void **state)
{
	struct written *written = written_new(64 << 20);
	struct shared *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t first, readings = 0, records = 0;
	pid_t pid;
	int status;

	(void)state;
	assert_ptr_not_equal(shared, MAP_FAILED);
	alarm(60);
	pid = fork();
	if (!pid) {
		/* Not longer than the test, however that ends. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		write_always(written, shared);
		_exit(0);
	}
	while (!shared->written)
		assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	first = shared->written;
	/* However the two get their turns. */
	while (readings < READINGS || shared->written < first + WRITTEN_MIN) {
		struct reader *reader = written_read(written);

		check(reader);
		records += reader_count(reader, LEDGER_CONNECTIONS);
		readings++;
		reader_free(reader);
	}
	uint64_t last = shared->written;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	check_after_kill(written);
	print_message("%lu readings of %lu records while %lu were written\n", readings,
		      records / readings, last - first);
	munmap(shared, 4096);
	written_free(written);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_record_is_whole_or_torn) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

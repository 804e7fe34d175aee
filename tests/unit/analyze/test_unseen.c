/* Connections that nobody finished, and whose socket is gone: no verdict that fails. */
#include "scene.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_symbolizer.h"

struct unseen {
	struct scene *scene;
	struct python_scene python;
	uint32_t site;
};

static struct unseen unseen_new(void)
{
	struct unseen unseen = { .scene = scene_new() };

	unseen.python = python_scene(unseen.scene, 0x7ffffff0);
	unseen.site = builder_site(unseen.python.builder,
				   python_opened(&unseen.python, "work", 10));
	return unseen;
}

static struct ledger_connection *opened(struct unseen *unseen, uint32_t pool,
					enum ledger_connection_state state)
{
	struct ledger_builder *builder = unseen->python.builder;
	uint32_t id = builder_open(builder, unseen->site, pool);
	struct ledger_connection *record = builder_record(builder, LEDGER_CONNECTIONS, id);

	record->state = (uint8_t)state;
	return record;
}

static void sockets_that_are_gone_are_no_leak(void **state)
{
	struct unseen unseen = unseen_new();
	const struct report *report;

	(void)state;
	for (int i = 0; i < 5; i++)
		opened(&unseen, builder_pool(unseen.python.builder, "sqlalchemy", "QueuePool"),
		       LEDGER_CLOSED_UNSEEN);
	unseen.scene->fail_on = ~0u;
	report = scene_report(unseen.scene);
	assert_int_equal(report->sites[0].verdict, VERDICT_HELD);
	assert_int_equal(report->sites[0].endings[ENDING_CLOSED_UNSEEN], 5);
	assert_int_equal(report->processes[0].closed_unseen, 5);
	assert_int_equal(report->processes[0].open, 0);
	assert_says(report->sites[0].diagnosis, "closed past libpq");
	scene_free(unseen.scene);
}

static void a_transaction_ended_with_its_socket(void **state)
{
	struct unseen unseen = unseen_new();
	struct ledger_connection *record = opened(&unseen, 0, LEDGER_CLOSED_UNSEEN);
	const struct report_site *site;

	(void)state;
	record->transaction = LEDGER_TRANSACTION_INTRANS;
	record->begun_stack = record->opened_stack;
	record->begun_at_ns = record->opened_at_ns;
	scene_report(unseen.scene);
	site = scene_site(unseen.scene, "work");
	assert_int_equal(site->verdict, VERDICT_HELD);
	assert_int_equal(site->in_transaction, 0);
	assert_string_equal(site->connections[0].transaction, "unknown");
	assert_int_equal(site->connections[0].transaction_begun_at_ns, 0);
	scene_free(unseen.scene);
}

static void what_was_closed_beside_them_is_told_apart(void **state)
{
	struct unseen unseen = unseen_new();
	struct ledger_builder *builder = unseen.python.builder;

	(void)state;
	opened(&unseen, 0, LEDGER_CLOSED_UNSEEN);
	builder_finish(builder, builder_open(builder, unseen.site, 0), 0,
		       python_close_stack(&unseen.python, "work"), "close");
	scene_report(unseen.scene);
	assert_says(scene_site(unseen.scene, "work")->diagnosis, "1 of 2 closed past libpq");
	scene_free(unseen.scene);
}

static void what_is_open_beside_them_leaks(void **state)
{
	struct unseen unseen = unseen_new();
	const struct report_site *site;

	(void)state;
	opened(&unseen, 0, LEDGER_CLOSED_UNSEEN);
	opened(&unseen, 0, LEDGER_OPEN);
	scene_report(unseen.scene);
	site = scene_site(unseen.scene, "work");
	assert_int_equal(site->verdict, VERDICT_LEAK);
	assert_int_equal(site->at_fault, 1);
	scene_free(unseen.scene);
}

/* The ledger of this very process, and one socket. */
static enum ending seen_from_outside(enum ledger_connection_state state, uint64_t inode_more)
{
	struct unseen unseen = unseen_new();
	struct ledger_header *header = &unseen.python.builder->header;
	struct ledger_connection *record = opened(&unseen, 0, state);
	int ends[2];
	struct stat status;
	enum ending ending;

	header->pid = getpid();
	header->process_start_ticks = builder_start_ticks(getpid());
	header->ended = LEDGER_PROCESS_RUNNING;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(fstat(ends[0], &status), 0);
	record->socket = ends[0];
	record->socket_inode = status.st_ino + inode_more;
	scene_report(unseen.scene);
	ending = scene_site(unseen.scene, "work")->connections[0].ending;
	close(ends[0]);
	close(ends[1]);
	scene_free(unseen.scene);
	return ending;
}

static void a_mark_is_taken_back_when_the_socket_is_there(void **state)
{
	(void)state;
	assert_int_equal(seen_from_outside(LEDGER_CLOSED_UNSEEN, 0), ENDING_OPEN);
	assert_int_equal(seen_from_outside(LEDGER_CLOSED_UNSEEN, 1), ENDING_CLOSED_UNSEEN);
}

/* The scene removes its file: what happened since it was read cannot be known. */
static void nothing_is_claimed_without_a_second_look_at_the_ledger(void **state)
{
	(void)state;
	assert_int_equal(seen_from_outside(LEDGER_OPEN, 1), ENDING_OPEN);
	assert_int_equal(seen_from_outside(LEDGER_OPEN, 0), ENDING_OPEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockets_that_are_gone_are_no_leak),
		cmocka_unit_test(a_transaction_ended_with_its_socket),
		cmocka_unit_test(what_was_closed_beside_them_is_told_apart),
		cmocka_unit_test(what_is_open_beside_them_leaks),
		cmocka_unit_test(a_mark_is_taken_back_when_the_socket_is_there),
		cmocka_unit_test(nothing_is_claimed_without_a_second_look_at_the_ledger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Where a pool's connection is, told from its last use and its transaction: one row a story. */
#include <string.h>

#include "scene.h"

enum { FRAMES_MAX = 5 };

#define PACKAGES "/x/lib/python3.11/site-packages/"
#define FAIRY { "_finalize_fairy", PACKAGES "sqlalchemy/pool/base.py", LEDGER_PYTHON }
#define CHECKOUT { "_ConnectionFairy._checkout", PACKAGES "sqlalchemy/pool/base.py", \
		   LEDGER_PYTHON }
#define SESSION_COMMIT { "SessionTransaction.commit", PACKAGES "sqlalchemy/orm/session.py", \
			 LEDGER_PYTHON }
#define ENGINE_BEGIN { "Engine.begin", PACKAGES "sqlalchemy/engine/base.py", LEDGER_PYTHON }
#define ASKED { "ask", "/srv/app.py", LEDGER_PYTHON }
#define WORK { "work", "/srv/app.py", LEDGER_PYTHON }
#define RETURN_TASK { "_reset_connection", PACKAGES "psycopg_pool/pool.py", LEDGER_PYTHON }
#define THREAD { "Thread._bootstrap", "/usr/lib/python3.11/threading.py", LEDGER_PYTHON }
#define HOLD { "hold", "/usr/lib/ruby/vendor_ruby/sequel/connection_pool/threaded.rb", \
	       LEDGER_RUBY }
#define NEVER { NULL, NULL, LEDGER_NATIVE }
#define RUBY_WORK { "block in work", "/srv/app.rb", LEDGER_RUBY }
#define RUBY_ASKED { "ask", "/srv/app.rb", LEDGER_RUBY }

static const struct {
	const char *story;
	bool is_pooled, is_tracked, is_begun;
	struct {
		const char *function, *file;
		enum ledger_language language;
	} frames[FRAMES_MAX]; /* of the last use, innermost first; none: never used */
	const char *opened; /* the frame below the program's, where it was opened */
	enum pool_state expected;
	const char *by; /* function */
} rows[] = {
	{ "rolled back by the pool", true, true, false, { FAIRY, WORK }, "x",
	  POOL_STATE_IDLE, NULL },
	{ "used by the program", true, true, false, { ASKED, WORK }, "x",
	  POOL_STATE_UNKNOWN, "ask" },
	{ "in a transaction", true, true, true, { ASKED, WORK }, "x",
	  POOL_STATE_CHECKED_OUT, "ask" },
	{ "through no pool", false, true, true, { ASKED, WORK }, "x", POOL_STATE_NONE, NULL },
	{ "pinged for somebody", true, true, false, { CHECKOUT, WORK }, "x",
	  POOL_STATE_UNKNOWN, "work" },
	{ "pinged at the begin of a block that gives it back", true, true, false,
	  { CHECKOUT, ENGINE_BEGIN, WORK }, "x", POOL_STATE_UNKNOWN, "work" },
	{ "committed at the end of that block", true, true, false, { ENGINE_BEGIN, WORK }, "x",
	  POOL_STATE_IDLE, NULL },
	/* While one is taken, another is found to be lost, and comes back: the inner one counts. */
	{ "came back while another one was taken", true, true, false, { FAIRY, CHECKOUT, WORK },
	  "x", POOL_STATE_IDLE, NULL },
	{ "a session's commit", true, true, false, { SESSION_COMMIT, WORK }, "x",
	  POOL_STATE_IDLE, NULL },
	{ "a session's commit in an outer transaction", true, true, true,
	  { SESSION_COMMIT, WORK }, "x", POOL_STATE_CHECKED_OUT, "work" },
	{ "reset by a worker", true, true, false, { RETURN_TASK, THREAD }, "x",
	  POOL_STATE_IDLE, NULL },
	{ "never used, opened by the pool", true, true, false, { NEVER }, "_connect",
	  POOL_STATE_IDLE, NULL },
	{ "never used, opened for somebody", true, true, false, { NEVER }, "checkout",
	  POOL_STATE_UNKNOWN, "work" },
	{ "never used, as far as anybody looked", true, false, false, { NEVER }, "_connect",
	  POOL_STATE_UNKNOWN, "work" },
	{ "lent for one statement", true, true, false, { HOLD, RUBY_WORK }, "x",
	  POOL_STATE_IDLE, NULL },
	{ "lent for a block of the program's", true, true, false, { HOLD, RUBY_ASKED, HOLD,
	  RUBY_WORK }, "x", POOL_STATE_UNKNOWN, "ask" },
};

static uint32_t frame_add(struct ledger_builder *builder, size_t row, size_t i)
{
	uint32_t id = builder_python(builder, rows[row].frames[i].function,
				     rows[row].frames[i].file, 1);
	struct ledger_frame *frame = builder_record(builder, LEDGER_FRAMES, id);

	frame->language = (uint16_t)rows[row].frames[i].language;
	return id;
}

static uint32_t last_use(struct python_scene *python, size_t row)
{
	uint32_t ids[FRAMES_MAX + 1] = { python->connect_call };
	size_t count = 1;

	for (size_t i = 0; i < FRAMES_MAX && rows[row].frames[i].function; i++)
		ids[count++] = frame_add(python->builder, row, i);
	return count > 1 ? builder_stack(python->builder, ids, count) : 0;
}

static void story_play(struct python_scene *python, size_t row)
{
	struct ledger_builder *builder = python->builder;
	uint32_t opened = BUILDER_STACK(
		builder, python->connect_call,
		builder_python(builder, rows[row].opened, PACKAGES "sqlalchemy/pool/base.py", 1),
		builder_python(builder, "work", "/srv/app.py", 10));
	uint32_t pool = rows[row].is_pooled ? builder_pool(builder, "sqlalchemy", "QueuePool") : 0;
	uint32_t id = builder_open(builder, builder_site(builder, opened), pool);
	uint32_t stack = last_use(python, row);
	struct ledger_connection *connection;

	if (rows[row].is_begun)
		builder_begin(builder, id, stack);
	connection = builder_record(builder, LEDGER_CONNECTIONS, id);
	connection->last_use_stack = stack;
	if (!stack)
		connection->last_use_at_ns = 0;
	if (rows[row].is_tracked)
		builder->header.flags |= LEDGER_TRACKS_USES;
}

static void a_connection_is_where_its_last_use_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *scene = scene_new();
		struct python_scene python = python_scene(scene, 7);
		const struct report_connection *connection;

		story_play(&python, i);
		connection = &scene_report(scene)->sites[0].connections[0];
		if (connection->pool_state != rows[i].expected)
			fail_msg("%s: %d", rows[i].story, connection->pool_state);
		assert_int_equal(connection->checked_out_since_ns != 0,
				 rows[i].expected == POOL_STATE_CHECKED_OUT);
		assert_int_equal(connection->held_by != NULL, rows[i].by != NULL);
		if (rows[i].by)
			assert_string_equal(connection->held_by->function, rows[i].by);
		scene_free(scene);
	}
}

static void a_pool_s_holders_are_counted_by_line(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 7);
	struct ledger_builder *builder = python.builder;
	uint32_t site = builder_site(builder, python_opened(&python, "work", 10));
	uint32_t pools[] = { builder_pool(builder, "sqlalchemy", "QueuePool"),
			     builder_pool(builder, "sqlalchemy", "QueuePool") };
	uint32_t ask = BUILDER_STACK(builder, python.connect_call,
				     builder_python(builder, "ask", "/srv/app.py", 20));
	const struct report *report;

	(void)state;
	for (int i = 0; i < 5; i++)
		builder_begin(builder, builder_open(builder, site, pools[i == 4]),
			      i == 1 ? python_opened(&python, "other", 30) : ask);
	report = scene_report(scene);
	assert_int_equal(report->pool_count, 2);
	assert_int_equal(report->pools[0].count[POOL_STATE_CHECKED_OUT], 4);
	assert_int_equal(report->pools[0].holder_count, 2);
	assert_string_equal(report->pools[0].holders[0].by->function, "ask");
	assert_int_equal(report->pools[0].holders[0].count, 3);
	assert_string_equal(report->pools[0].holders[1].by->function, "other");
	assert_int_equal(report->pools[1].count[POOL_STATE_CHECKED_OUT], 1);
	assert_true(report->pools[0].number != report->pools[1].number);
	assert_true(report->pools[0].holders[0].min_ns <= report->pools[0].holders[0].max_ns);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_is_where_its_last_use_says),
		cmocka_unit_test(a_pool_s_holders_are_counted_by_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

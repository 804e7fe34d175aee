/* PHP's requests end what they opened: that is no growth, unless it was open at once. */
#include "scene.h"

#include "fake_symbolizer.h"

enum { OPENED = 5 };

enum fate { REQUEST_ENDS, PROCESS_ENDS, DROPPED, KILLED };

static const struct {
	const char *story;
	bool is_at_once; /* open all before the first goes */
	bool is_persistent;
	enum fate fate;
	enum verdict expected;
	const char *cause, *cure;
} rows[] = {
	{ "one a request", false, false, REQUEST_ENDS, VERDICT_HELD,
	  "open until the request ended", "null to PDO's last variable closes it earlier" },
	{ "all in one request", true, false, REQUEST_ENDS, VERDICT_LEAK,
	  "5 connections opened one after the other and none closed by the program: 5 lasted "
	  "until the request ended", "open one and pass it on" },
	{ "persistent", true, true, PROCESS_ENDS, VERDICT_HELD,
	  "persistent: PHP keeps it for the requests to come", "" },
	{ "persistent in a worker that is killed", true, true, KILLED, VERDICT_HELD,
	  "persistent: PHP keeps it for the requests to come", "" },
	{ "in a worker that is killed", true, false, KILLED, VERDICT_LEAK,
	  "5 open when the process was killed", "" },
	{ "out of scope", false, false, DROPPED, VERDICT_DROPPED,
	  "closed only because nothing referred to it any more: 5 by the last reference",
	  "null to PDO's last variable" },
};

static uint32_t php_frame(struct ledger_builder *builder, const char *function, const char *file,
			  uint32_t line)
{
	uint32_t id = builder_python(builder, function, file, line);
	struct ledger_frame *frame = builder_record(builder, LEDGER_FRAMES, id);

	frame->language = LEDGER_PHP;
	return id;
}

static void story_play(struct scene *scene, size_t row)
{
	struct ledger_builder *builder = scene_add(scene, 7);
	uint32_t php = builder_module(builder, "/usr/bin/php8.2", LEDGER_MODULE_MAIN);
	uint32_t finish = builder_call(builder, "PQfinish");
	uint32_t opened = BUILDER_STACK(builder, builder_call(builder, "PQconnectdb"),
					php_frame(builder, "PDO->__construct", "", 0),
					php_frame(builder, "open", "/srv/app.php", 10));
	uint32_t below[] = {
		[REQUEST_ENDS] = builder_native(builder, php, 0x100),
		[PROCESS_ENDS] = builder_native(builder, php, 0x200),
		[DROPPED] = php_frame(builder, "open", "/srv/app.php", 11),
		[KILLED] = 0,
	};
	uint32_t closed = BUILDER_STACK(builder, finish, below[rows[row].fate]);
	unsigned evidence = LEDGER_COLLECTING_KNOWN |
			    (rows[row].fate == DROPPED ? 0 : LEDGER_FINALIZING);
	uint32_t pool = rows[row].is_persistent ? builder_pool(builder, "php", "persistent list")
						: 0;
	uint32_t site = builder_site(builder, opened), ids[OPENED];

	fake_symbol("/usr/bin/php8.2", 0x100, "php_request_shutdown");
	fake_symbol("/usr/bin/php8.2", 0x200, "php_module_shutdown");
	for (int i = 0; i < OPENED; i++) {
		ids[i] = builder_open(builder, site, pool);
		if (!rows[row].is_at_once)
			builder_finish(builder, ids[i], evidence, closed, "");
	}
	if (rows[row].fate == KILLED)
		builder->header.ended = LEDGER_PROCESS_RUNNING;
	for (int i = 0; rows[row].is_at_once && rows[row].fate != KILLED && i < OPENED; i++)
		builder_finish(builder, ids[i], evidence, closed, "");
}

static void every_story_has_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *scene = scene_new();
		const struct report_site *site;

		story_play(scene, i);
		site = &scene_report(scene)->sites[0];
		if (site->verdict != rows[i].expected)
			fail_msg("%s: %s", rows[i].story, verdict_name(site->verdict));
		assert_string_equal(site->user_line.function, "open");
		assert_says(site->diagnosis, rows[i].cause);
		assert_says(site->cure, rows[i].cure);
		scene_free(scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_story_has_its_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

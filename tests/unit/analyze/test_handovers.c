/* A connection that a child finished for good is no leak of its parent, and no misuse. */
#include "scene.h"

#include "fake_symbolizer.h"

enum { PARENT = 812, CHILD = 815, SECOND = 1000000000 };

struct story {
	struct scene *scene;
	struct ledger_builder *parent, *child;
	struct ledger_connection *connection; /* the parent's */
	struct ledger_misuse *finish;         /* the child's */
};

static uint32_t finish_stack(struct ledger_builder *builder, const char *module_path)
{
	uint32_t program = builder_module(builder, "/srv/x", LEDGER_MODULE_MAIN);
	uint32_t module = builder_module(builder, module_path, 0);

	return BUILDER_STACK(builder, builder_call(builder, "PQfinish"),
			     builder_native(builder, module, 0x300),
			     builder_native(builder, program, 0x200));
}

/* The child's PQfinish, called from `module`, one second after the parent opened. */
static struct story story_new(const char *module)
{
	struct story story = { .scene = scene_new() };
	uint32_t program, opened, id;

	fake_line("/srv/x", 0x100, "open_one", "/srv/x.c", 3);
	fake_line("/srv/x", 0x200, "child", "/srv/x.c", 9);
	fake_symbol("/lib/libc.so.6", 0x300, "__run_exit_handlers");
	story.parent = scene_add(story.scene, PARENT);
	program = builder_module(story.parent, "/srv/x", LEDGER_MODULE_MAIN);
	opened = BUILDER_STACK(story.parent, builder_call(story.parent, "PQconnectdb"),
			       builder_native(story.parent, program, 0x100));
	id = builder_open(story.parent, builder_site(story.parent, opened), 0);
	story.connection = builder_record(story.parent, LEDGER_CONNECTIONS, id);

	story.child = scene_add(story.scene, CHILD);
	story.finish = builder_append(story.child, LEDGER_MISUSES, sizeof(*story.finish), &id);
	*story.finish = (struct ledger_misuse){
		.kind = LEDGER_MISUSE_INHERITED_FINISH,
		.stack = finish_stack(story.child, module),
		.at_ns = story.connection->opened_at_ns + SECOND,
		.count = 1,
		.connection = {
			.state = LEDGER_ENDED,
			.handle = story.connection->handle,
			.backend_pid = story.connection->backend_pid,
			.owner_pid = PARENT,
		},
	};
	return story;
}

static void what_a_child_finished_for_good_was_handed_over(void **state)
{
	struct story story = story_new("/srv/plugin.so");
	const struct report *report = scene_report(story.scene);
	const struct report_site *site = &report->sites[0];

	(void)state;
	assert_int_equal(report->misuse_count, 0);
	assert_int_equal(site->verdict, VERDICT_OK);
	assert_int_equal(site->endings[ENDING_CHILD_FINISH], 1);
	assert_int_equal(site->connections[0].ending, ENDING_CHILD_FINISH);
	assert_int_equal(site->close_count, 1);
	assert_string_equal(site->closes[0].stack.frames[2].function, "child");
	assert_int_equal(report->processes[0].closed, 1);
	scene_free(story.scene);
}

static void assert_misused(struct story *story)
{
	const struct report *report = scene_report(story->scene);

	assert_int_equal(report->misuse_count, 1);
	assert_int_equal(report->sites[0].verdict, VERDICT_LEAK);
	assert_int_equal(report->sites[0].endings[ENDING_OPEN], 1);
	scene_free(story->scene);
}

static void what_the_parent_used_afterwards_was_not(void **state)
{
	struct story story = story_new("/srv/plugin.so");

	(void)state;
	story.connection->last_use_at_ns = story.finish->at_ns + 1;
	assert_misused(&story);
}

static void what_an_inherited_exit_handler_finished_was_not(void **state)
{
	struct story story = story_new("/lib/libc.so.6");

	(void)state;
	assert_misused(&story);
}

static void a_later_connection_at_the_same_address_was_not(void **state)
{
	struct story story = story_new("/srv/plugin.so");

	(void)state;
	story.connection->backend_pid++;
	assert_misused(&story);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_child_finished_for_good_was_handed_over),
		cmocka_unit_test(what_the_parent_used_afterwards_was_not),
		cmocka_unit_test(what_an_inherited_exit_handler_finished_was_not),
		cmocka_unit_test(a_later_connection_at_the_same_address_was_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

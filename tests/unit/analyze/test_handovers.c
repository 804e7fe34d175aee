/* A connection that a child finished for good is no leak of its parent, and no misuse. */
#include "scene.h"

#include <string.h>

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

/* The child only used it, `at_ns` after the parent opened it. */
static void story_use(struct story *story)
{
	story->finish->kind = LEDGER_MISUSE_INHERITED_USE;
	story->finish->connection.state = LEDGER_OPEN;
	story->finish->connection.evidence = LEDGER_INHERITED;
	story->finish->connection.uses = story->connection->uses;
}

static const struct report_misuse *assert_use_is_told(struct story *story, const char *words,
						      const char *other)
{
	const struct report *report = scene_report(story->scene);
	const struct report_misuse *misuse = &report->misuse[0];

	assert_int_equal(report->misuse_count, 1);
	assert_string_equal(misuse->kind, "inherited use");
	assert_non_null(strstr(misuse->diagnosis, words));
	assert_int_equal(misuse->stack_count, 3);
	assert_string_equal(misuse->stack_name[2], other);
	return misuse;
}

static void assert_nothing_is_told(struct story *story)
{
	assert_int_equal(scene_report(story->scene)->misuse_count, 0);
	scene_free(story->scene);
}

static void a_use_is_told_when_the_parent_used_it_later(void **state)
{
	struct story story = story_new("/srv/plugin.so");

	(void)state;
	story_use(&story);
	story.connection->last_use_at_ns = story.finish->at_ns + 1;
	story.connection->last_use_stack = story.connection->opened_stack;
	assert_use_is_told(&story, "used again by the parent", "parent");
	scene_free(story.scene);
}

/* The clock of uses is one of ticks: their number tells which was later. */
static void of_uses_at_one_time_the_number_tells(void **state)
{
	struct story story = story_new("/srv/plugin.so");

	(void)state;
	story_use(&story);
	story.connection->last_use_at_ns = story.finish->at_ns - 1;
	story.connection->last_use_stack = story.connection->opened_stack;
	story.connection->uses++;
	assert_use_is_told(&story, "used again by the parent", "parent");
	scene_free(story.scene);

	story = story_new("/srv/plugin.so");
	story_use(&story);
	story.connection->last_use_at_ns = story.finish->at_ns - 1;
	assert_nothing_is_told(&story);

	/* Before the child began with it, and after its ledger did. */
	story = story_new("/srv/plugin.so");
	story_use(&story);
	story.connection->last_use_at_ns = story.finish->at_ns - SECOND / 2;
	story.connection->uses++;
	assert_nothing_is_told(&story);
}

static void a_finish_after_the_childs_end_takes_nothing_from_it(void **state)
{
	struct story story = story_new("/srv/plugin.so");

	(void)state;
	story_use(&story);
	story.connection->state = LEDGER_ENDED;
	story.connection->ended_at_ns = story.finish->at_ns + 2 * SECOND;
	story.connection->closed_stack = story.connection->opened_stack;
	story.child->header.ended = LEDGER_PROCESS_UNDERSCORE_EXIT;
	story.child->header.ended_at_ns = story.finish->at_ns + 3 * (uint64_t)SECOND;
	assert_use_is_told(&story, "finished by the parent", "parent");
	scene_free(story.scene);

	story = story_new("/srv/plugin.so");
	story_use(&story);
	story.connection->state = LEDGER_ENDED;
	story.connection->ended_at_ns = story.finish->at_ns + 2 * SECOND;
	story.child->header.ended = LEDGER_PROCESS_UNDERSCORE_EXIT;
	story.child->header.ended_at_ns = story.finish->at_ns + SECOND;
	assert_nothing_is_told(&story);
}

static void what_two_children_use_is_told_of_both(void **state)
{
	struct story story = story_new("/srv/plugin.so");
	struct ledger_builder *second = scene_add(story.scene, CHILD + 1);
	struct ledger_misuse *its;
	const struct report *report;
	uint32_t id;

	(void)state;
	story_use(&story);
	its = builder_append(second, LEDGER_MISUSES, sizeof(*its), &id);
	*its = *story.finish;
	its->stack = finish_stack(second, "/srv/plugin.so");
	report = scene_report(story.scene);
	assert_int_equal(report->misuse_count, 2);
	assert_non_null(strstr(report->misuse[0].diagnosis, "in its child 816, too"));
	assert_non_null(strstr(report->misuse[1].diagnosis, "in its child 815, too"));
	assert_string_equal(report->misuse[1].stack_name[2], "sibling");
	scene_free(story.scene);
}

/* Uses at several places are one misuse; where the finish is told, they are part of it. */
static void a_connection_is_told_of_once_a_child(void **state)
{
	struct story story = story_new("/srv/plugin.so");
	struct ledger_misuse *second;
	uint32_t id;

	(void)state;
	story_use(&story);
	story.finish->count = 3;
	story.connection->last_use_at_ns = story.finish->at_ns + SECOND;
	story.connection->last_use_stack = story.connection->opened_stack;
	second = builder_append(story.child, LEDGER_MISUSES, sizeof(*second), &id);
	*second = *(struct ledger_misuse *)builder_record(story.child, LEDGER_MISUSES, 1);
	second->count = 2;
	second->at_ns++;
	assert_int_equal(assert_use_is_told(&story, "used again", "parent")->count, 5);
	scene_free(story.scene);

	story = story_new("/lib/libc.so.6");
	story.connection->last_use_at_ns = story.finish->at_ns + SECOND;
	second = builder_append(story.child, LEDGER_MISUSES, sizeof(*second), &id);
	*second = *(struct ledger_misuse *)builder_record(story.child, LEDGER_MISUSES, 1);
	second->kind = LEDGER_MISUSE_INHERITED_USE;
	assert_int_equal(scene_report(story.scene)->misuse_count, 1);
	assert_string_equal(scene_report(story.scene)->misuse[0].kind, "inherited finish");
	scene_free(story.scene);
}

static void what_is_finished_after_the_owners_end_is_nobodys_loss(void **state)
{
	struct story story = story_new("/lib/libc.so.6");
	const struct report *report;

	(void)state;
	story.finish->connection.evidence = LEDGER_INHERITED | LEDGER_OWNER_GONE;
	report = scene_report(story.scene);
	assert_int_equal(report->misuse_count, 0);
	assert_int_equal(report->sites[0].verdict, VERDICT_OK);
	assert_int_equal(report->sites[0].endings[ENDING_CHILD_FINISH], 1);
	scene_free(story.scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_child_finished_for_good_was_handed_over),
		cmocka_unit_test(what_the_parent_used_afterwards_was_not),
		cmocka_unit_test(what_an_inherited_exit_handler_finished_was_not),
		cmocka_unit_test(a_later_connection_at_the_same_address_was_not),
		cmocka_unit_test(a_use_is_told_when_the_parent_used_it_later),
		cmocka_unit_test(of_uses_at_one_time_the_number_tells),
		cmocka_unit_test(a_finish_after_the_childs_end_takes_nothing_from_it),
		cmocka_unit_test(what_two_children_use_is_told_of_both),
		cmocka_unit_test(a_connection_is_told_of_once_a_child),
		cmocka_unit_test(what_is_finished_after_the_owners_end_is_nobodys_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

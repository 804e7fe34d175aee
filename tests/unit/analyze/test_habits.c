/* What threads and times prove of connections that stand in a running process: each story,
 * and beside it the near one that proves nothing.
 */
#include "scene.h"

#include <string.h>
#include <unistd.h>

#include "analyze/habits.h"

#define ASYNCIO "Handle._run", "/usr/lib/python3.11/asyncio/events.py"
#define GREENLET "spawn", "/x/site-packages/gevent/hub.py"
#define THREADING "Thread.run", "/usr/lib/python3.11/threading.py"

enum threads { MAIN, ONE_EACH, ONE_EACH_BUT_USED_BY_MAIN };
enum uses { WHEN_OPENED, AFTER_THE_NEXT, AFTER_ALL, UNTRACKED };

static const struct story {
	const char *name;
	const char *runner_function, *runner_file; /* outermost */
	int count;
	bool is_pooled, is_begun;
	enum threads threads;
	enum uses uses;
	enum verdict expected;
	uint64_t at_fault;
} stories[] = {
	{ "sessions left behind", THREADING, 4, true, true, MAIN, WHEN_OPENED, VERDICT_STUCK, 3 },
	{ "two left behind", THREADING, 3, true, true, MAIN, WHEN_OPENED, VERDICT_HELD, 3 },
	{ "used after the next was opened", THREADING, 4, true, true, MAIN, AFTER_THE_NEXT,
	  VERDICT_HELD, 4 },
	{ "all at work", THREADING, 4, true, true, MAIN, AFTER_ALL, VERDICT_HELD, 4 },
	{ "a session a thread", THREADING, 4, true, true, ONE_EACH, WHEN_OPENED, VERDICT_HELD, 4 },
	{ "tasks of asyncio", ASYNCIO, 4, true, true, MAIN, WHEN_OPENED, VERDICT_HELD, 4 },
	{ "greenlets", GREENLET, 4, true, true, MAIN, WHEN_OPENED, VERDICT_HELD, 4 },
	{ "nobody looked at uses", THREADING, 4, true, true, MAIN, UNTRACKED, VERDICT_HELD, 4 },
	{ "idle in their pool", THREADING, 4, true, false, MAIN, WHEN_OPENED, VERDICT_HELD, 4 },

	{ "threads left them", THREADING, 3, false, false, ONE_EACH, WHEN_OPENED, VERDICT_LEAK, 3 },
	{ "two threads", THREADING, 2, false, false, ONE_EACH, WHEN_OPENED, VERDICT_HELD, 2 },
	{ "threads at once", THREADING, 3, false, false, ONE_EACH, AFTER_ALL, VERDICT_HELD, 3 },
	{ "others go on with them", THREADING, 3, false, false, ONE_EACH_BUT_USED_BY_MAIN,
	  WHEN_OPENED, VERDICT_HELD, 3 },
	{ "threads of a pool", THREADING, 3, true, false, ONE_EACH, WHEN_OPENED, VERDICT_HELD, 3 },
	{ "one thread for all", THREADING, 3, false, false, MAIN, WHEN_OPENED, VERDICT_HELD, 3 },
	{ "threads, and uses untracked", THREADING, 3, false, false, ONE_EACH, UNTRACKED,
	  VERDICT_HELD, 3 },
};

/* A number that no thread of this process has. */
static int32_t thread_that_is_over(int number)
{
	return getpid() + 0x1000000 + number;
}

static void connection_play(const struct story *story, struct ledger_builder *builder, uint32_t id,
			    int number)
{
	struct ledger_connection *record = builder_record(builder, LEDGER_CONNECTIONS, id);
	/* The builder opens the next within two seconds. */
	uint64_t after_ns[] = { [WHEN_OPENED] = 1000000, [AFTER_THE_NEXT] = 2500000000,
				[AFTER_ALL] = 100000000000 };

	record->thread = story->threads == MAIN ? getpid() : thread_that_is_over(number);
	record->last_use_thread =
		story->threads == ONE_EACH_BUT_USED_BY_MAIN ? getpid() : record->thread;
	record->last_use_at_ns =
		story->uses == UNTRACKED ? 0 : record->opened_at_ns + after_ns[story->uses];
}

static void story_play(const struct story *story, struct python_scene *python)
{
	struct ledger_builder *builder = python->builder;
	uint32_t pool_frame = story->is_pooled ? python->pool_frame : python->connect_call;
	uint32_t stack = BUILDER_STACK(
		builder, python->connect_call, pool_frame,
		builder_python(builder, "work", "/srv/app.py", 10),
		builder_python(builder, story->runner_function, story->runner_file, 1));
	uint32_t site = builder_site(builder, stack);
	uint32_t pool = story->is_pooled ? builder_pool(builder, "sqlalchemy", "QueuePool") : 0;

	builder->header.ended = LEDGER_PROCESS_RUNNING;
	builder->header.pid = getpid();
	builder->header.process_start_ticks = builder_start_ticks(getpid());
	if (story->uses != UNTRACKED)
		builder->header.flags |= LEDGER_TRACKS_USES;
	for (int i = 0; i < story->count; i++) {
		uint32_t id = builder_open(builder, site, pool);

		if (story->is_begun)
			builder_begin(builder, id, stack);
		connection_play(story, builder, id, i);
	}
}

static void only_what_is_proved_is_said_of_a_running_process(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		struct scene *scene = scene_new();
		struct python_scene python = python_scene(scene, getpid());
		const struct report_site *site;

		story_play(&stories[i], &python);
		site = &scene_report(scene)->sites[0];
		if (site->verdict != stories[i].expected || site->at_fault != stories[i].at_fault)
			fail_msg("%s: %s of %llu", stories[i].name, verdict_name(site->verdict),
				 (unsigned long long)site->at_fault);
		scene_free(scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_proved_is_said_of_a_running_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

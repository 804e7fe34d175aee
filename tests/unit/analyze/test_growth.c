/* Leaks, pools and loads as they go on over time: which of them rises, and which may be
 * called a leak while it runs. A tick is a thousandth of each story.
 */
#include "scene.h"

#include <string.h>
#include <unistd.h>

#include "analyze/growth.h"
#include "base/clock.h"
#include "ledger/history.h"

enum { TICKS = 1000, KEPT_MAX = 1000 };

struct play {
	struct ledger_builder *builder;
	uint32_t site, pool, close, collect;
	uint64_t start_ns, tick_ns;
	uint32_t kept[KEPT_MAX]; /* connections, oldest first */
	int kept_count;
	uint64_t random;
};

static void set_tick(struct play *play, int tick)
{
	play->builder->now_ns = play->start_ns + (uint64_t)tick * play->tick_ns;
}

/* The builder lets a second go by for each event; here it is the ticks that count. */
static void open_one(struct play *play)
{
	uint64_t now_ns = play->builder->now_ns;

	play->builder->now_ns -= 1000000000;
	play->kept[play->kept_count++] = builder_open(play->builder, play->site, play->pool);
	play->builder->now_ns = now_ns;
}

static void use(struct play *play, int index)
{
	struct ledger_connection *record =
		builder_record(play->builder, LEDGER_CONNECTIONS, play->kept[index]);

	record->last_use_at_ns = play->builder->now_ns;
}

static void end(struct play *play, int index, unsigned evidence, uint32_t stack,
		const char *called)
{
	uint64_t now_ns = play->builder->now_ns;

	play->builder->now_ns -= 1000000000;
	builder_finish(play->builder, play->kept[index], evidence, stack, called);
	play->builder->now_ns = now_ns;
	play->kept_count--;
	memmove(&play->kept[index], &play->kept[index + 1],
		(size_t)(play->kept_count - index) * sizeof(play->kept[0]));
}

static void close_one(struct play *play, int index)
{
	end(play, index, 0, play->close, "close");
}

static int dice(struct play *play, int sides)
{
	play->random = play->random * 6364136223846793005u + 1442695040888963407u;
	return (int)((play->random >> 33) % (unsigned)sides);
}

static void leak(struct play *play, int tick)
{
	if (tick % 20 == 0)
		open_one(play);
}

/* One in forty requests keeps what it opened. */
static void leak_amid_short_ones(struct play *play, int tick)
{
	open_one(play);
	if (tick % 40)
		close_one(play, play->kept_count - 1);
}

static void leak_that_a_collector_thins_out(struct play *play, int tick)
{
	if (tick % 4 == 0)
		open_one(play);
	/* Half of those that came since. */
	for (int i = 0; tick % 48 == 47 && i < 12; i += 2)
		end(play, play->kept_count - 1 - i / 2, LEDGER_COLLECTING | LEDGER_COLLECTING_KNOWN, play->collect, "");
}

static void leak_of_fifteen(struct play *play, int tick)
{
	if (tick % 69 == 0)
		open_one(play);
}

static void leak_of_sixteen(struct play *play, int tick)
{
	if (tick % 65 == 0)
		open_one(play);
}

static void leak_that_was_stopped(struct play *play, int tick)
{
	if (tick < 500)
		leak(play, tick);
}

static void burst_at_the_start(struct play *play, int tick)
{
	if (tick < 20)
		open_one(play);
}

/* Whoever asks gets an idle one; one is opened when there is none. */
static void pool_serve(struct play *play, int load)
{
	while (play->kept_count < load)
		open_one(play);
	for (int i = 0; i < load; i++)
		use(play, i);
}

static void pool_that_fills_slowly(struct play *play, int tick)
{
	pool_serve(play, tick < 600 ? 1 + dice(play, 1 + tick / 30) : dice(play, 21));
}

static void pool_that_still_fills(struct play *play, int tick)
{
	pool_serve(play, 1 + tick / 25);
}

/* The load rises, and with it waves a pool that has room for 20. */
static void pool_under_a_load_that_rises(struct play *play, int tick)
{
	int load = 1 + tick / 20 + dice(play, 5);

	pool_serve(play, load < 20 ? load : 20);
}

/* Each is open for ten ticks, and there are more and more. */
static void more_and_more_short_ones(struct play *play, int tick)
{
	while (play->kept_count && play->kept_count >= 1 + tick / 30)
		close_one(play, 0);
	open_one(play);
}

static void requests(struct play *play, int tick)
{
	if (tick % 7 == 0)
		open_one(play);
	else if (tick % 7 == 3)
		close_one(play, 0);
}

static void one_and_no_more(struct play *play, int tick)
{
	if (tick == 0)
		open_one(play);
}

static const struct story {
	const char *name;
	void (*tick)(struct play *play, int tick);
	enum trend trend;
	enum verdict verdict; /* while it runs */
	const char *cause;
} stories[] = {
	{ "leak", leak, TREND_RISES, VERDICT_LEAK, "rises: 1" },
	{ "amid short ones", leak_amid_short_ones, TREND_RISES, VERDICT_LEAK,
	  "rises: at least " },
	{ "thinned out", leak_that_a_collector_thins_out, TREND_RISES, VERDICT_LEAK,
	  "rises: at least " },
	{ "fifteen", leak_of_fifteen, TREND_RISES, VERDICT_HELD, "open now" },
	{ "sixteen", leak_of_sixteen, TREND_RISES, VERDICT_LEAK, "16 now: never fell" },
	{ "stopped", leak_that_was_stopped, TREND_LEVEL, VERDICT_HELD, "open now" },
	{ "burst", burst_at_the_start, TREND_LEVEL, VERDICT_HELD, "open now" },
	{ "pool", pool_that_fills_slowly, TREND_LEVEL, VERDICT_HELD, "open now" },
	{ "filling pool", pool_that_still_fills, TREND_RISES, VERDICT_HELD, "open now" },
	{ "rising load", pool_under_a_load_that_rises, TREND_LEVEL, VERDICT_HELD, "open now" },
	{ "short ones", more_and_more_short_ones, TREND_RISES, VERDICT_HELD, "open now" },
	{ "requests", requests, TREND_COMES_AND_GOES, VERDICT_OK, "" },
	{ "one", one_and_no_more, TREND_LEVEL, VERDICT_HELD, "" },
};

/* `span_ns` long, by a process that runs, or that ended and closed the rest then. */
static const struct report_site *play_story(struct scene *scene, const struct story *story,
					    uint64_t span_ns, bool is_running, bool is_pooled,
					    bool is_use_known)
{
	struct python_scene python = python_scene(scene, 0x7ffffff0);
	struct ledger_builder *builder = python.builder;
	struct play play = {
		.builder = builder,
		.site = builder_site(builder, python_opened(&python, "work", 10)),
		.pool = is_pooled ? builder_pool(builder, "sqlalchemy", "QueuePool") : 0,
		.close = python_close_stack(&python, "work"),
		.collect = python_collect_stack(&python, "work"),
		.start_ns = is_running ? clock_monotonic_ns() - span_ns : builder->now_ns,
		.tick_ns = span_ns / TICKS,
		.random = 7,
	};

	for (int tick = 0; tick < TICKS; tick++) {
		set_tick(&play, tick);
		story->tick(&play, tick);
	}
	if (is_use_known)
		builder->header.flags |= LEDGER_TRACKS_USES;
	set_tick(&play, TICKS);
	if (is_running) {
		builder->header.ended = LEDGER_PROCESS_RUNNING;
		builder->header.pid = getpid();
		builder->header.process_start_ticks = builder_start_ticks(getpid());
	}
	while (!is_running && play.kept_count)
		end(&play, 0, LEDGER_FINALIZING, python_finalize_stack(&python), "");
	builder->header.ended_at_ns = is_running ? 0 : builder->now_ns;
	return &scene_report(scene)->sites[0];
}

static const uint64_t minute_ns = 60000000000;

static void each_story_has_its_trend_and_its_verdict_while_it_runs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		struct scene *scene = scene_new();
		const struct report_site *site = play_story(scene, &stories[i], minute_ns, true,
							    false, true);

		if (site->trend != stories[i].trend || site->verdict != stories[i].verdict)
			fail_msg("%s: %s, %s, %s", stories[i].name, trend_name(site->trend),
				 verdict_name(site->verdict), site->diagnosis);
		assert_says(site->diagnosis, stories[i].cause);
		if (site->verdict == VERDICT_LEAK)
			assert_int_equal(site->at_fault, site->endings[ENDING_OPEN]);
		assert_int_equal(site->growth != NULL, site->trend == TREND_RISES);
		scene_free(scene);
	}
}

/* Shutdown closes everything, and a day is as a minute. */
static void how_a_process_ended_is_not_how_it_went(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		struct scene *scene = scene_new();
		const struct report_site *site = play_story(scene, &stories[i], 1440 * minute_ns,
							    false, false, true);

		if (site->trend != stories[i].trend)
			fail_msg("%s: %s", stories[i].name, trend_name(site->trend));
		assert_int_equal(site->open, 0);
		scene_free(scene);
	}
}

static const struct story *story_named(const char *name)
{
	const struct story *story = stories;

	while (strcmp(story->name, name) != 0)
		story++;
	return story;
}

/* At the end those that shutdown closed are the leak, though the program closed others. */
static void a_leak_amid_short_ones_is_one_at_the_end_too(void **state)
{
	struct scene *scene = scene_new();
	const struct report_site *site = play_story(scene, story_named("amid short ones"),
						    1440 * minute_ns, false, false, true);

	(void)state;
	assert_int_equal(site->verdict, VERDICT_LEAK);
	assert_int_equal(site->at_fault, 25);
	assert_says(site->diagnosis, "25 at the end");
	assert_says(site->diagnosis, "were not used again");
	scene_free(scene);
}

static void what_is_not_known_well_enough_is_no_leak(void **state)
{
	static const struct {
		uint64_t span_ns;
		bool is_pooled, is_use_known;
		enum verdict verdict;
	} rows[] = {
		{ GROWTH_SPAN_NS * 11 / 10, false, true, VERDICT_LEAK },
		{ GROWTH_SPAN_NS * 8 / 10, false, true, VERDICT_HELD },
		{ GROWTH_SPAN_NS * 11 / 10, true, true, VERDICT_HELD },
		{ GROWTH_SPAN_NS * 11 / 10, false, false, VERDICT_HELD },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *scene = scene_new();
		const struct report_site *site =
			play_story(scene, story_named("leak"), rows[i].span_ns, true,
				   rows[i].is_pooled, rows[i].is_use_known);

		assert_int_equal(site->trend, TREND_RISES);
		if (site->verdict != rows[i].verdict)
			fail_msg("row %zu: %s", i, verdict_name(site->verdict));
		scene_free(scene);
	}
}

/* Each worker has its own: together they rise, none of them does. */
static void workers_that_come_one_after_the_other_do_not_rise(void **state)
{
	struct scene *scene = scene_new();
	const struct report_site *site;
	uint64_t most = 0;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct python_scene python = python_scene(scene, 0x7ffffff0 + i);
		struct ledger_builder *builder = python.builder;
		uint32_t row = builder_site(builder, python_opened(&python, "work", 10));

		builder->now_ns += (uint64_t)i * minute_ns;
		for (int j = 0; j < 5; j++)
			builder_open(builder, row, 0);
		builder->header.ended_at_ns = builder->now_ns + 20 * minute_ns;
	}
	site = &scene_report(scene)->sites[0];
	assert_int_equal(site->trend, TREND_LEVEL);
	assert_int_equal(site->open, 20);
	for (size_t i = 0; i < site->history_count; i++)
		if (site->history[i].open_max > most)
			most = site->history[i].open_max;
	assert_int_equal(most, 20);
	/* Alone at first, and in the end. */
	assert_in_range(site->history[0].open_max, 5, 10);
	assert_in_range(site->history[site->history_count - 1].open_max, 5, 10);
	scene_free(scene);
}

/* One stack's history is told as the ledger has it. */
static void the_history_of_one_stack_is_told_as_it_is(void **state)
{
	struct scene *scene = scene_new();
	struct ledger_builder *builder;
	const struct report_site *site = play_story(scene, story_named("requests"),
						    minute_ns, false, false, true);
	const struct ledger_site *record;
	uint64_t lifetimes = 0;

	(void)state;
	builder = scene->builders[0];
	record = builder_record(builder, LEDGER_SITES, 1);
	assert_int_equal(site->history_count, record->history_count);
	assert_int_equal(site->history_step_ns, record->history_step_ns);
	assert_memory_equal(site->history, record->history,
			    record->history_count * sizeof(record->history[0]));
	assert_int_equal(site->history_from_ns,
			 builder->header.started_at_realtime_ns +
				 (record->first_opened_at_ns - builder->header.started_at_ns));
	for (int i = 0; i < LEDGER_LIFETIME_COUNT; i++)
		lifetimes += site->lifetimes[i];
	assert_int_equal(lifetimes, record->finished);
	scene_free(scene);
}

/* A ledger is untrusted: nothing here may divide by zero, or read beyond. */
static void a_history_that_cannot_be_is_none(void **state)
{
	static const struct {
		uint32_t count;
		uint64_t step_ns, first_ns;
	} rows[] = { { 0, 0, 5 }, { 3, 0, 5 }, { 33, LEDGER_HISTORY_STEP_NS, 5 },
		     { 3, UINT64_MAX, 5 }, { 3, LEDGER_HISTORY_STEP_NS, UINT64_MAX },
		     { 32, UINT64_MAX / 2, UINT64_MAX - 9 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *scene = scene_new();
		struct python_scene python = python_scene(scene, 1);
		uint32_t id = builder_site(python.builder, python_opened(&python, "work", 10));
		struct ledger_site *site = builder_record(python.builder, LEDGER_SITES, id);

		builder_open(python.builder, id, 0);
		site->history_count = rows[i].count;
		site->history_step_ns = rows[i].step_ns;
		site->first_opened_at_ns = rows[i].first_ns;
		assert_true(scene_report(scene)->sites[0].history_count <= LEDGER_HISTORY_MAX);
		assert_int_equal(scene->report->sites[0].trend, TREND_UNKNOWN);
		scene_free(scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_story_has_its_trend_and_its_verdict_while_it_runs),
		cmocka_unit_test(how_a_process_ended_is_not_how_it_went),
		cmocka_unit_test(a_leak_amid_short_ones_is_one_at_the_end_too),
		cmocka_unit_test(what_is_not_known_well_enough_is_no_leak),
		cmocka_unit_test(workers_that_come_one_after_the_other_do_not_rise),
		cmocka_unit_test(the_history_of_one_stack_is_told_as_it_is),
		cmocka_unit_test(a_history_that_cannot_be_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

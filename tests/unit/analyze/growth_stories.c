#include "growth_stories.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"

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
	for (int i = 0; tick % 48 == 47 && i < 6; i++)
		end(play, play->kept_count - 1 - i, LEDGER_COLLECTING | LEDGER_COLLECTING_KNOWN,
		    play->collect, "");
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

const struct growth_story growth_stories[] = {
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
	{ NULL, NULL, TREND_UNKNOWN, VERDICT_OK, NULL },
};

const struct growth_story *growth_story(const char *name)
{
	const struct growth_story *story = growth_stories;

	while (strcmp(story->name, name) != 0)
		story++;
	return story;
}

const struct report_site *growth_play(struct scene *scene, const struct growth_story *story,
				      const struct growth_setting *setting)
{
	struct python_scene python = python_scene(scene, 0x7ffffff0);
	struct ledger_builder *builder = python.builder;
	struct play play = {
		.builder = builder,
		.site = builder_site(builder, python_opened(&python, "work", 10)),
		.pool = setting->is_pooled ? builder_pool(builder, "sqlalchemy", "QueuePool") : 0,
		.close = python_close_stack(&python, "work"),
		.collect = python_collect_stack(&python, "work"),
		.start_ns = setting->is_over ? builder->now_ns
					     : clock_monotonic_ns() - setting->span_ns,
		.tick_ns = setting->span_ns / TICKS,
		.random = 7,
	};

	for (int tick = 0; tick < TICKS; tick++) {
		set_tick(&play, tick);
		story->tick(&play, tick);
	}
	if (!setting->is_use_unknown)
		builder->header.flags |= LEDGER_TRACKS_USES;
	set_tick(&play, TICKS);
	if (!setting->is_over) {
		builder->header.ended = LEDGER_PROCESS_RUNNING;
		builder->header.pid = getpid();
		builder->header.process_start_ticks = builder_start_ticks(getpid());
	}
	while (setting->is_over && play.kept_count)
		end(&play, 0, LEDGER_FINALIZING, python_finalize_stack(&python), "");
	builder->header.ended_at_ns = setting->is_over ? builder->now_ns : 0;
	return &scene_report(scene)->sites[0];
}

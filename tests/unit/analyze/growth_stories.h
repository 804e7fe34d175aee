/* Leaks, pools and loads as they go on over time, a tick a thousandth of each story; played
 * with what comes of it.
 */
#ifndef GROWTH_STORIES_H
#define GROWTH_STORIES_H

#include "scene.h"

struct play;

struct growth_story {
	const char *name; /* NULL behind the last */
	void (*tick)(struct play *play, int tick);
	enum trend trend;
	enum verdict verdict; /* while it runs */
	const char *cause;
};

extern const struct growth_story growth_stories[];

const struct growth_story *growth_story(const char *name);

/* How it is told. */
struct growth_setting {
	uint64_t span_ns;
	bool is_over;        /* the process ended, and its shutdown closed the rest */
	bool is_pooled;      /* sqlalchemy's pool opened them */
	bool is_use_unknown; /* uses are not tracked */
};

/* The only site of the report on it. */
const struct report_site *growth_play(struct scene *scene, const struct growth_story *story,
				      const struct growth_setting *setting);

#endif

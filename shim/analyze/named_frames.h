/* The frames of one ledger, with names: native ones by the symbolizer, inlined callers as frames
 * of their own, code that a just-in-time compiler made by the process's perf map; each with its
 * library. Each is named once.
 */
#ifndef ANALYZE_NAMED_FRAMES_H
#define ANALYZE_NAMED_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/arena.h"
#include "analyze/table.h"
#include "analyze/user_line.h"
#include "ledger/reader.h"
#include "symbolize/perf_map.h"
#include "symbolize/symbolizer.h"

/* What one ledger frame became: more than one where callers were inlined. */
struct named_frame {
	struct owned_frame *frames;
	size_t count;
};

struct named_frames {
	struct arena *arena;
	const struct reader *reader;
	struct symbolizer *symbolizer; /* NULL: native frames without names */
	/* Of the frames found so far, as 1 << enum ledger_language: whose interpreters run in
	 * them, and whose they are. */
	unsigned interpreters, languages;
	struct arena_list nameless; /* struct report_nameless, each module once */
	struct perf_map *perf_map;  /* NULL: none, or not asked for yet */
	bool is_perf_map_asked;
	struct table named[2]; /* struct named_frame by frame id and `is_brief` */
};

/* Lets go of what only finding needs. Frames that were found stay. */
void named_frames_finish(struct named_frames *frames);

/* By the ledger's id; NULL for a bad one. `is_brief`: libc's have no lines and no inlined
 * callers, which spares its debug information. */
const struct named_frame *named_frames_find(struct named_frames *frames, uint32_t id,
					    bool is_brief);

bool frame_is_of_libc(const struct report_frame *frame);

#endif

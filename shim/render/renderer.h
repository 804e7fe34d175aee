/* A format of the report: a const struct of functions, one a file, listed in
 * renderers.def.
 */
#ifndef RENDER_RENDERER_H
#define RENDER_RENDERER_H

#include <stdbool.h>
#include <stdio.h>

#include "analyze/report.h"

struct render_options {
	bool is_verbose; /* all frames, all sites, the line when nothing is wrong */
	bool has_color;
	size_t width; /* columns of the terminal; 0: lines are as long as they are */
};

struct renderer {
	const char *format; /* the name users type: "text", "json" */
	/* Returns 0, or -Exxx of the first failed write. */
	int (*render)(FILE *out, const struct report *report, const struct render_options *options);
};

/* By the name users type; NULL when there is none. */
const struct renderer *renderer_find(const char *format);

#define RENDERER(name) extern const struct renderer renderer_##name;
#include "render/renderers.def"
#undef RENDERER

#endif

/* A site over time, for the JSON report. The caller adds what it gets. */
#ifndef RENDER_JSON_HISTORY_H
#define RENDER_JSON_HISTORY_H

#include "analyze/report.h"
#include "render/emitter.h"

/* Its open connections, step by step; null when nothing is known. */
json_t *json_history(struct emitter *emitter, const struct report_site *site);

/* How long those lived that were finished. */
json_t *json_lifetimes(struct emitter *emitter, const struct report_site *site);

#endif

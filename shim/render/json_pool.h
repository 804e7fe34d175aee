/* Pools, and who has their connections, as JSON values.
 */
#ifndef RENDER_JSON_POOL_H
#define RENDER_JSON_POOL_H

#include "analyze/report.h"
#include "render/emitter.h"

/* A line of the program; null for NULL. */
json_t *json_place(struct emitter *emitter, const struct report_frame *frame);

json_t *json_pool_state(enum pool_state state);

json_t *json_pool(struct emitter *emitter, const struct report_pool *pool);

#endif

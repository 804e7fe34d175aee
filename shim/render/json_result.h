/* What libpq handed out and what came back of it, as a JSON value. */
#ifndef RENDER_JSON_RESULT_H
#define RENDER_JSON_RESULT_H

#include "analyze/report.h"
#include "render/emitter.h"

json_t *json_result(struct emitter *emitter, const struct report_result *result);

#endif

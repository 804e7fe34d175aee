/* What was reported too early, as JSON values.
 */
#ifndef RENDER_JSON_LIMITS_H
#define RENDER_JSON_LIMITS_H

#include "analyze/report.h"
#include "render/emitter.h"

json_t *json_after_all(struct emitter *emitter, const struct report *report);

#endif

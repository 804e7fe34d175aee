/* Connections as JSON, written as they go. */
#ifndef RENDER_JSON_CONNECTION_H
#define RENDER_JSON_CONNECTION_H

#include "analyze/report.h"
#include "render/emitter.h"

void json_connection_dump(struct emitter *emitter, const struct report_connection *connection);

/* Members of the site's object, behind others: `listed_max` of its connections at most, first
 * those that the program did not close, and how many more there are. */
void json_connections_dump(struct emitter *emitter, const struct report_site *site,
			   size_t listed_max);

#endif

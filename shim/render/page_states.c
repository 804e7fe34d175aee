#include <string.h>

#include "analyze/sqlstate.h"
#include "render/page.h"

enum { STATES_MAX = 8 };

void page_states(struct page *page, const struct report_site *site)
{
	const char *states[STATES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < site->connection_count && count < STATES_MAX; i++) {
		const char *state = site->connections[i].sqlstate;
		size_t known = 0;

		while (known < count && strcmp(states[known], state))
			known++;
		if (*state && known == count && !strstr(site->diagnosis, state))
			states[count++] = state;
	}
	for (size_t i = 0; i < count; i++) {
		const char *meaning = sqlstate_meaning(states[i]);

		page_label(page, "error");
		writer_put(&page->writer, "SQLSTATE ");
		writer_name(&page->writer, states[i]);
		writer_put(&page->writer, *meaning ? ": " : "");
		writer_put(&page->writer, meaning);
		writer_put(&page->writer, "\n");
	}
}

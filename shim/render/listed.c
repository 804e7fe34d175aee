#include "render/listed.h"

static size_t listed_with(const struct report *report, size_t most)
{
	size_t listed = 0;

	for (size_t i = 0; i < report->site_count; i++) {
		size_t count = report->sites[i].connection_count;

		listed += count < most ? count : most;
	}
	return listed;
}

size_t listed_max_of(const struct report *report)
{
	size_t most = 1, too_many = LISTED_MAX + 1;

	while (too_many - most > 1) {
		size_t middle = most + (too_many - most) / 2;

		if (listed_with(report, middle) <= LISTED_MAX)
			most = middle;
		else
			too_many = middle;
	}
	return most;
}

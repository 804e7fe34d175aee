#include "render/json_history.h"

json_t *json_history(struct emitter *emitter, const struct report_site *site)
{
	json_t *object, *points;

	if (!site->history_count)
		return json_null();
	object = json_object();
	points = json_array();
	for (size_t i = 0; i < site->history_count; i++) {
		json_t *point = json_object();

		emitter_add_number(emitter, point, "open_min", site->history[i].open_min);
		emitter_add_number(emitter, point, "open_max", site->history[i].open_max);
		emitter_append(emitter, points, point);
	}
	emitter_add_number(emitter, object, "step_ns", site->history_step_ns);
	emitter_add_moment(emitter, object, "from", site->history_from_ns);
	emitter_add(emitter, object, "points", points);
	return object;
}

json_t *json_lifetimes(struct emitter *emitter, const struct report_site *site)
{
	static const uint64_t bounds[] = LEDGER_LIFETIME_BOUNDS;
	json_t *array = json_array();

	for (int i = 0; i < LEDGER_LIFETIME_COUNT; i++) {
		json_t *row = json_object();

		if (i < LEDGER_LIFETIME_COUNT - 1)
			emitter_add_number(emitter, row, "below_ns", bounds[i]);
		else
			emitter_add(emitter, row, "below_ns", json_null());
		emitter_add_number(emitter, row, "count", site->lifetimes[i]);
		emitter_append(emitter, array, row);
	}
	return array;
}

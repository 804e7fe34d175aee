#include "render/json_connection.h"

#include "render/json_pool.h"
#include "render/json_stack.h"

/* A member that is null, or a number and a stack. */
static void event_dump(struct emitter *emitter, const char *start, bool is_there,
		       const char *key, uint64_t number, const struct report_stack *stack)
{
	json_t *event;

	emitter_put(emitter, start);
	if (!is_there) {
		emitter_put(emitter, "null");
		return;
	}
	event = json_object();
	emitter_add_number(emitter, event, key, number);
	emitter_put(emitter, "{");
	emitter_dump(emitter, event, JSON_EMBED);
	json_stack_dump(emitter, "stack", stack);
	emitter_put(emitter, "}");
}

static json_t *connection_value(struct emitter *emitter, const struct report_connection *connection)
{
	json_t *object = json_object();

	emitter_add_signed(emitter, object, "pid", connection->pid);
	emitter_add_signed(emitter, object, "backend_pid", connection->backend_pid);
	emitter_add_text(emitter, object, "host", connection->host);
	emitter_add_text(emitter, object, "port", connection->port);
	emitter_add_text(emitter, object, "database", connection->database);
	emitter_add_text(emitter, object, "user", connection->user);
	emitter_add_text(emitter, object, "application_name", connection->application_name);
	emitter_add_text(emitter, object, "sqlstate", connection->sqlstate);
	emitter_add_moment(emitter, object, "opened_at", connection->opened_at_ns);
	emitter_add_moment(emitter, object, "ended_at", connection->ended_at_ns);
	emitter_add_number(emitter, object, "age_ns", connection->age_ns);
	emitter_add_number(emitter, object, "idle_ns", connection->idle_ns);
	emitter_add_text(emitter, object, "transaction", connection->transaction);
	emitter_add_text(emitter, object, "ending", ending_name(connection->ending));
	emitter_add_number(emitter, object, "uses", connection->uses);
	emitter_add_signed(emitter, object, "last_use_thread", connection->last_use_thread);
	emitter_add_number(emitter, object, "transactions", connection->transactions);
	emitter_add_number(emitter, object, "pool", connection->pool);
	emitter_add(emitter, object, "pool_state", json_pool_state(connection->pool_state));
	emitter_add_moment(emitter, object, "checked_out_since", connection->checked_out_since_ns);
	emitter_add(emitter, object, "checked_out_by",
		    json_place(emitter, connection->pool_state == POOL_STATE_CHECKED_OUT
				       ? connection->held_by : NULL));
	emitter_add_text(emitter, object, "owner", connection->owner);
	emitter_add_moment(emitter, object, "reported_at", connection->reported_at_ns);
	emitter_add_flag(emitter, object, "is_torn", connection->is_torn);
	return object;
}

void json_connection_dump(struct emitter *emitter, const struct report_connection *connection)
{
	uint64_t used_at_ns = connection->last_use_at_ns;
	uint64_t begun_at_ns = connection->transaction_begun_at_ns;

	emitter_put(emitter, "{");
	emitter_dump(emitter, connection_value(emitter, connection), JSON_EMBED);
	event_dump(emitter, ",\"last_use\":", used_at_ns, "at", used_at_ns, &connection->last_use);
	event_dump(emitter, ",\"transaction_begun\":", begun_at_ns, "at", begun_at_ns,
		   &connection->transaction_begun);
	event_dump(emitter, ",\"longest_transaction\":", connection->longest_transaction.count,
		   "ns", connection->longest_transaction_ns, &connection->longest_transaction);
	emitter_put(emitter, "}");
}

static bool is_closed(const struct report_connection *connection)
{
	return connection->ending == ENDING_CLOSED;
}

void json_connections_dump(struct emitter *emitter, const struct report_site *site,
			   size_t listed_max)
{
	size_t closed = 0, listed = 0, left[2]; /* to be listed, by is_closed */
	json_t *more = json_object();

	for (size_t i = 0; i < site->connection_count; i++)
		closed += is_closed(&site->connections[i]);
	left[false] = site->connection_count - closed;
	left[false] = left[false] < listed_max ? left[false] : listed_max;
	left[true] = listed_max - left[false];
	emitter_put(emitter, ",\"connections\":[");
	for (size_t i = 0; i < site->connection_count; i++) {
		size_t *room = &left[is_closed(&site->connections[i])];

		if (!*room)
			continue;
		--*room;
		emitter_put(emitter, listed++ ? ",\n" : "\n");
		json_connection_dump(emitter, &site->connections[i]);
	}
	emitter_put(emitter, "],");
	emitter_add_number(emitter, more, "connections_unlisted", site->connection_count - listed);
	emitter_dump(emitter, more, JSON_EMBED);
}

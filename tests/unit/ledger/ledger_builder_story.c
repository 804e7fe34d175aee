#include <string.h>

#include "ledger/history.h"
#include "ledger_builder.h"

static const uint64_t second_ns = 1000000000;

static void site_open(struct ledger_builder *builder, struct ledger_site *site)
{
	site->opened++;
	site->open++;
	if (site->open > site->peak_open)
		site->peak_open = site->open;
	site->last_opened_at_ns = builder->now_ns;
	if (!site->first_opened_at_ns)
		site->first_opened_at_ns = builder->now_ns;
	history_change(site, builder->now_ns, site->open - 1);
	builder->header.opened++;
	builder->header.open++;
	if (builder->header.open > builder->header.peak_open)
		builder->header.peak_open = builder->header.open;
}

uint32_t builder_open(struct ledger_builder *builder, uint32_t site_id, uint32_t pool)
{
	struct ledger_site *site = builder_record(builder, LEDGER_SITES, site_id);
	uint32_t host = builder_string(builder, "127.0.0.1");
	uint32_t port = builder_string(builder, "5432");
	uint32_t database = builder_string(builder, "app");
	uint32_t user = builder_string(builder, "postgres"), id;
	struct ledger_connection *connection =
		builder_append(builder, LEDGER_CONNECTIONS, sizeof(*connection), &id);

	builder->now_ns += second_ns;
	site_open(builder, site);
	*connection = (struct ledger_connection){
		.state = LEDGER_OPEN,
		.transaction = LEDGER_TRANSACTION_IDLE,
		.serial = id,
		.handle = 0x5500000000 + id * 4096,
		.opened_at_ns = builder->now_ns,
		.connected_at_ns = builder->now_ns,
		.last_use_at_ns = builder->now_ns,
		.site = site_id,
		.opened_stack = site->opened_stack,
		.pool = pool,
		.host = host,
		.port = port,
		.database = database,
		.user = user,
		.backend_pid = 1000 + (int)id,
		.owner_pid = builder->header.pid,
	};
	return id;
}

void builder_fail(struct ledger_builder *builder, uint32_t id, const char *sqlstate)
{
	struct ledger_connection *connection = builder_record(builder, LEDGER_CONNECTIONS, id);
	struct ledger_site *site = builder_record(builder, LEDGER_SITES, connection->site);

	connection->state = LEDGER_FAILED;
	connection->transaction = LEDGER_TRANSACTION_LOST;
	connection->connected_at_ns = connection->last_use_at_ns = 0;
	connection->backend_pid = 0;
	strncpy(connection->sqlstate, sqlstate, sizeof(connection->sqlstate) - 1);
	site->failed++;
	builder->header.failed++;
}

void builder_begin(struct ledger_builder *builder, uint32_t id, uint32_t stack)
{
	struct ledger_connection *connection = builder_record(builder, LEDGER_CONNECTIONS, id);

	connection->transaction = LEDGER_TRANSACTION_INTRANS;
	connection->begun_stack = connection->last_use_stack = stack;
	connection->begun_at_ns = connection->last_use_at_ns = builder->now_ns;
}

/* The sum that this connection's story belongs to. */
static struct ledger_ending *ending_find(struct ledger_builder *builder,
					 const struct ledger_connection *connection)
{
	size_t count = builder->header.section[LEDGER_ENDINGS].used / sizeof(struct ledger_ending);
	struct ledger_ending *ending;
	uint32_t id;

	for (id = 1; id <= count; id++) {
		ending = builder_record(builder, LEDGER_ENDINGS, id);
		if (ending->site == connection->site &&
		    ending->closed_stack == connection->closed_stack &&
		    ending->called == connection->called &&
		    ending->last_use_stack == connection->last_use_stack &&
		    ending->begun_stack == connection->begun_stack &&
		    ending->evidence == connection->evidence &&
		    ending->transaction == connection->transaction)
			return ending;
	}
	ending = builder_append(builder, LEDGER_ENDINGS, sizeof(*ending), &id);
	*ending = (struct ledger_ending){
		.site = connection->site,
		.closed_stack = connection->closed_stack,
		.called = connection->called,
		.last_use_stack = connection->last_use_stack,
		.begun_stack = connection->begun_stack,
		.evidence = connection->evidence,
		.transaction = connection->transaction,
		.age_min_ns = UINT64_MAX,
		.idle_min_ns = UINT64_MAX,
	};
	return ending;
}

static void range_add(uint64_t *min, uint64_t *max, uint64_t value)
{
	if (value < *min)
		*min = value;
	if (value > *max)
		*max = value;
}

void builder_finish(struct ledger_builder *builder, uint32_t id, unsigned evidence,
		    uint32_t stack, const char *called)
{
	uint32_t called_id = *called ? builder_string(builder, called) : 0;
	struct ledger_connection *connection = builder_record(builder, LEDGER_CONNECTIONS, id);
	struct ledger_site *site = builder_record(builder, LEDGER_SITES, connection->site);
	struct ledger_ending *ending;

	builder->now_ns += second_ns;
	if (connection->state == LEDGER_FAILED)
		evidence |= LEDGER_WAS_FAILED;
	connection->state = LEDGER_ENDED;
	connection->evidence = (uint16_t)evidence;
	connection->ended_at_ns = builder->now_ns;
	connection->closed_stack = stack;
	connection->called = called_id;
	site->open--;
	site->finished++;
	history_change(site, builder->now_ns, site->open + 1);
	if (!(evidence & LEDGER_WAS_FAILED))
		history_count_lifetime(site, builder->now_ns - connection->opened_at_ns);
	builder->header.open--;
	builder->header.finished++;
	ending = ending_find(builder, connection);
	ending->count++;
	range_add(&ending->age_min_ns, &ending->age_max_ns,
		  builder->now_ns - connection->opened_at_ns);
	range_add(&ending->idle_min_ns, &ending->idle_max_ns,
		  builder->now_ns - connection->last_use_at_ns);
}

uint32_t builder_misuse(struct ledger_builder *builder, enum ledger_misuse_kind kind,
			uint32_t connection, uint32_t stack)
{
	uint32_t id;
	struct ledger_misuse *misuse =
		builder_append(builder, LEDGER_MISUSES, sizeof(*misuse), &id);

	misuse->kind = kind;
	misuse->stack = stack;
	misuse->at_ns = builder->now_ns;
	misuse->count = 1;
	misuse->connection = *(struct ledger_connection *)
		builder_record(builder, LEDGER_CONNECTIONS, connection);
	return id;
}

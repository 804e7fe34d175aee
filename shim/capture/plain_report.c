#include "capture/plain_report.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "capture/plain_counts.h"
#include "capture/site_chain.h"

enum { PLAIN_BUFFER = 4096, PLAIN_LINE_MAX = 2048 };

struct plain {
	const struct ledger *ledger;
	int fd;
	bool is_written; /* so far */
	struct site_chain connections, endings;
	struct text text;
	char buffer[PLAIN_BUFFER];
};

/* What `evidence` says, for people. */
static const struct {
	uint16_t bit;
	const char *words;
} evidence_words[] = {
	{ LEDGER_FINALIZING, "interpreter shutdown" },
	{ LEDGER_COLLECTING, "garbage collection" },
	{ LEDGER_EXITING, "exit handlers" },
	{ LEDGER_WAS_FAILED, "the connect had failed" },
	{ LEDGER_WAS_CONNECTING, "before the connect was complete" },
};

static bool plain_flush(struct plain *plain)
{
	plain->is_written = log_write(plain->fd, plain->text.bytes, plain->text.length) &&
			    plain->is_written;
	text_init(&plain->text, plain->buffer, sizeof(plain->buffer));
	return plain->is_written;
}

static void plain_end_line(struct plain *plain)
{
	/* A line that was cut still ends, and what follows is a line of its own. */
	if (plain->text.is_cut)
		plain->text.length--;
	text_add(&plain->text, "\n");
	if (plain->text.length > PLAIN_BUFFER - PLAIN_LINE_MAX)
		plain_flush(plain);
}

static const char *string_of(const struct plain *plain, uint32_t id)
{
	const struct ledger_string *string =
		id ? ledger_record(plain->ledger, LEDGER_STRINGS, id) : NULL;

	return string ? (const char *)(string + 1) : "";
}

static const struct ledger_module *module_of(const struct plain *plain,
					     const struct ledger_frame *frame)
{
	return frame->module ? ledger_record(plain->ledger, LEDGER_MODULES, frame->module) : NULL;
}

static void plain_add_native(struct plain *plain, const struct ledger_frame *frame)
{
	const struct ledger_module *module = module_of(plain, frame);
	struct text *text = &plain->text;

	if (!module) {
		text_format(text, "0x%x", frame->offset);
		return;
	}
	text_format(text, "0x%x (%s+0x%x)", frame->offset + module->bias,
		    string_of(plain, module->path), frame->offset);
	if (module->build_id_length)
		text_add(text, " (BuildId: ");
	for (uint32_t i = 0; i < module->build_id_length; i++)
		text_add_hex(text, module->build_id[i], 2);
	if (module->build_id_length)
		text_add(text, ")");
}

static void plain_add_frame(struct plain *plain, unsigned number, uint32_t id)
{
	const struct ledger_frame *frame = ledger_record(plain->ledger, LEDGER_FRAMES, id);

	text_format(&plain->text, "    #%u ", number);
	if (frame->flags & LEDGER_FRAME_CALL) {
		const struct ledger_module *module = module_of(plain, frame);

		text_format(&plain->text, "%s (%s)", string_of(plain, frame->function),
			    module ? string_of(plain, module->path) : "");
	} else if (frame->language == LEDGER_NATIVE) {
		plain_add_native(plain, frame);
	} else {
		text_format(&plain->text, "%s %s:%u", string_of(plain, frame->function),
			    string_of(plain, frame->file), frame->line);
	}
	plain_end_line(plain);
}

static void plain_add_stack(struct plain *plain, uint32_t id)
{
	const struct ledger_stack *stack =
		id ? ledger_record(plain->ledger, LEDGER_STACKS, id) : NULL;
	const uint32_t *frames = stack ? (const uint32_t *)(stack + 1) : NULL;

	for (unsigned i = 0; stack && i < stack->frame_count; i++) {
		if (frames[i])
			plain_add_frame(plain, i, frames[i]);
	}
}

static void plain_add_named_stack(struct plain *plain, const char *name, uint32_t id)
{
	if (!id)
		return;
	text_format(&plain->text, "  %s here", name);
	plain_end_line(plain);
	plain_add_stack(plain, id);
}

static void plain_add_ending(struct plain *plain, const struct ledger_ending *ending)
{
	text_format(&plain->text, "  %L finished here", ending->count);
	for (size_t i = 0; i < sizeof(evidence_words) / sizeof(evidence_words[0]); i++) {
		if (ending->evidence & evidence_words[i].bit)
			text_format(&plain->text, ", %s", evidence_words[i].words);
	}
	plain_end_line(plain);
	plain_add_stack(plain, ending->closed_stack);
	plain_add_named_stack(plain, "in a transaction begun", ending->begun_stack);
}

static void plain_add_open(struct plain *plain, const struct ledger_connection *connection)
{
	text_format(&plain->text, "  %s@%s:%s/%s, backend %d, socket %d",
		    string_of(plain, connection->user), string_of(plain, connection->host),
		    string_of(plain, connection->port), string_of(plain, connection->database),
		    connection->backend_pid, connection->socket);
	if (connection->sqlstate[0])
		text_format(&plain->text, ", SQLSTATE %s", connection->sqlstate);
	if (connection->state == LEDGER_CLOSED_UNSEEN)
		text_add(&plain->text, ", closed unseen: its socket is gone");
	plain_end_line(plain);
	if (connection->state != LEDGER_CLOSED_UNSEEN)
		plain_add_named_stack(plain, "in a transaction begun", connection->begun_stack);
}

/* The next one of the site behind `*id`; NULL when there is none. */
static const struct ledger_connection *next_of_site(const struct plain *plain, uint32_t site,
						    uint32_t *id)
{
	*id = site_chain_next(&plain->connections, site, *id);
	return *id ? ledger_record(plain->ledger, LEDGER_CONNECTIONS, *id) : NULL;
}

static uint64_t unseen_of_site(const struct plain *plain, uint32_t site)
{
	const struct ledger_connection *connection;
	uint64_t count = 0;

	for (uint32_t id = 0; (connection = next_of_site(plain, site, &id));)
		count += connection->state == LEDGER_CLOSED_UNSEEN && connection->site == site;
	return count;
}

static bool connection_is_open(const struct ledger_connection *connection)
{
	return connection->state != LEDGER_FREE && connection->state != LEDGER_ENDED;
}

static void plain_add_site(struct plain *plain, uint32_t id)
{
	const struct ledger_site *site = ledger_record(plain->ledger, LEDGER_SITES, id);
	uint64_t open = plain_less(site->open, unseen_of_site(plain, id));
	const struct ledger_connection *connection;

	plain_end_line(plain);
	text_format(&plain->text, "%s  %L opened, %L failed, %L finished, %L open, peak %L open",
		    open ? "OPEN" : "site", site->opened, site->failed, site->finished, open,
		    site->peak_open);
	plain_end_line(plain);
	plain_add_stack(plain, site->opened_stack);
	for (uint32_t i = 0; (connection = next_of_site(plain, id, &i));) {
		if (connection->site == id && connection_is_open(connection))
			plain_add_open(plain, connection);
	}
	for (uint32_t i = 0; (i = site_chain_next(&plain->endings, id, i));)
		plain_add_ending(plain, ledger_record(plain->ledger, LEDGER_ENDINGS, i));
}

static void plain_add_sites(struct plain *plain)
{
	const struct ledger *ledger = plain->ledger;
	uint32_t sites = plain_count(ledger, LEDGER_SITES);

	site_chain_init(&plain->connections, ledger, LEDGER_CONNECTIONS, sites,
			plain_count(ledger, LEDGER_CONNECTIONS));
	site_chain_init(&plain->endings, ledger, LEDGER_ENDINGS, sites,
			plain_count(ledger, LEDGER_ENDINGS));
	for (uint32_t id = 1; id <= sites; id++)
		plain_add_site(plain, id);
	site_chain_finish(&plain->connections);
	site_chain_finish(&plain->endings);
}

/* With the pid of who opened it, and of who misused it. */
static const char *const misuse_formats[] = {
	[LEDGER_MISUSE_INHERITED_FINISH] = "connection of process %d finished by its child %d",
	[LEDGER_MISUSE_DOUBLE_FINISH] = "connection of process %d finished twice",
	[LEDGER_MISUSE_USE_AFTER_FINISH] = "connection of process %d used after it was finished",
	[LEDGER_MISUSE_UNKNOWN_FINISH] = "process %d finished what is no connection",
	[LEDGER_MISUSE_TWO_THREADS] = "connection of process %d used by two threads at once",
};

static void plain_add_misuse(struct plain *plain, uint32_t id)
{
	const struct ledger_misuse *misuse = ledger_record(plain->ledger, LEDGER_MISUSES, id);
	const struct ledger_connection *connection = &misuse->connection;
	int32_t pid = plain->ledger->header->pid;
	bool is_inherited = connection->evidence & LEDGER_INHERITED;

	if (!plain_misuse_is_told(misuse))
		return;
	plain_end_line(plain);
	text_add(&plain->text, "MISUSE  ");
	text_format(&plain->text, misuse_formats[misuse->kind],
		    is_inherited ? connection->owner_pid : pid, pid);
	if (misuse->count > 1)
		text_format(&plain->text, ", %L times", misuse->count);
	plain_end_line(plain);
	plain_add_stack(plain, misuse->stack);
	plain_add_named_stack(plain, "opened", connection->opened_stack);
	if (!is_inherited)
		plain_add_named_stack(plain, "finished", connection->closed_stack);
}

static void plain_add_result(struct plain *plain, uint32_t id)
{
	static const char *const names[LEDGER_RESULT_KIND_COUNT] = {
		[LEDGER_RESULT_PGRESULT] = "PGresult",
		[LEDGER_RESULT_PGCANCEL] = "PGcancel",
		[LEDGER_RESULT_PGCANCELCONN] = "PGcancelConn",
		[LEDGER_RESULT_CONNINFO] = "conninfo array",
	};
	const struct ledger_result *result = ledger_record(plain->ledger, LEDGER_RESULTS, id);

	if (result->made <= result->freed)
		return;
	plain_end_line(plain);
	text_format(&plain->text, "RESULTS  %L of %L (%s) not given back, made here",
		    result->made - result->freed, result->made, names[result->kind]);
	plain_end_line(plain);
	plain_add_stack(plain, result->stack);
}

bool plain_report_write(const struct ledger *ledger, int fd)
{
	const struct ledger_header *header = ledger->header;
	/* Not on the stack: the report's signal may come while that is a coroutine's. */
	struct plain *plain = memory_lend(sizeof(*plain));

	if (!plain)
		return false;
	plain->ledger = ledger;
	plain->is_written = true;
	plain->fd = fd;
	text_init(&plain->text, plain->buffer, sizeof(plain->buffer));
	text_format(&plain->text,
		    "pqleak: %s (pid %d): %L connections opened, %L finished, %L open, "
		    "peak %L open; plain report, complete it with `pqleak symbolize`",
		    string_of(plain, header->command), header->pid, header->opened,
		    header->finished, plain_less(header->open, plain_count_unseen(ledger)),
		    header->peak_open);
	plain_end_line(plain);
	if (plain_count_lost(ledger)) {
		text_format(&plain->text, "pqleak: %L records found no room and are not in it",
			    plain_count_lost(ledger));
		plain_end_line(plain);
	}
	plain_add_sites(plain);
	for (uint32_t id = 1; id <= plain_count(plain->ledger, LEDGER_MISUSES); id++)
		plain_add_misuse(plain, id);
	for (uint32_t id = 1; id <= plain_count(plain->ledger, LEDGER_RESULTS); id++)
		plain_add_result(plain, id);
	bool is_written = plain_flush(plain);

	memory_unmap(plain, sizeof(*plain));
	return is_written;
}

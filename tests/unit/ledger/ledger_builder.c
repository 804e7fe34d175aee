#include "ledger_builder.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

static const uint64_t second_ns = 1000000000;
/* The clock starts at 100 s, which is 2023-11-14 22:13:20 UTC. */
static const uint64_t start_ns = 100 * UINT64_C(1000000000);
static const uint64_t start_realtime_ns = UINT64_C(1700000000) * UINT64_C(1000000000);

static const uint32_t record_size[LEDGER_SECTION_COUNT] = {
	[LEDGER_STRINGS] = 8,
	[LEDGER_MODULES] = sizeof(struct ledger_module),
	[LEDGER_FRAMES] = sizeof(struct ledger_frame),
	[LEDGER_STACKS] = 8,
	[LEDGER_POOLS] = sizeof(struct ledger_pool),
	[LEDGER_SITES] = sizeof(struct ledger_site),
	[LEDGER_CONNECTIONS] = sizeof(struct ledger_connection),
	[LEDGER_ENDINGS] = sizeof(struct ledger_ending),
	[LEDGER_MISUSES] = sizeof(struct ledger_misuse),
};

static void require(bool is_true)
{
	if (is_true)
		return;
	perror("ledger_builder");
	abort();
}

struct ledger_builder *builder_new(int pid)
{
	struct ledger_builder *builder = calloc(1, sizeof(*builder));
	struct ledger_header *header;
	uint64_t offset = PAGE_BYTES;

	require(builder);
	header = &builder->header;
	memcpy(header->magic, LEDGER_MAGIC, sizeof(header->magic));
	header->byte_order = LEDGER_BYTE_ORDER;
	header->version = LEDGER_VERSION;
	header->header_size = sizeof(*header);
	header->section_count = LEDGER_SECTION_COUNT;
	header->pid = pid;
	header->parent_pid = 1;
	header->started_at_ns = builder->now_ns = start_ns;
	header->started_at_realtime_ns = start_realtime_ns;
	header->ended = LEDGER_PROCESS_EXIT;
	for (int kind = 0; kind < LEDGER_SECTION_COUNT; kind++) {
		header->section[kind].offset = offset;
		header->section[kind].capacity = BUILDER_SECTION_BYTES;
		header->section[kind].record_size = record_size[kind];
		offset += BUILDER_SECTION_BYTES;
		builder->section[kind] = calloc(1, BUILDER_SECTION_BYTES);
		require(builder->section[kind]);
	}
	header->file_size = offset;
	header->command = builder_string(builder, "python3 app.py");
	header->executable = builder_string(builder, "/usr/bin/python3.11");
	return builder;
}

void builder_free(struct ledger_builder *builder)
{
	for (int kind = 0; kind < LEDGER_SECTION_COUNT; kind++)
		free(builder->section[kind]);
	free(builder);
}

/* Appends `size` bytes, padded; returns where. */
static void *append(struct ledger_builder *builder, enum ledger_section_kind kind, size_t size,
		    uint32_t *ret_id)
{
	struct ledger_section *section = &builder->header.section[kind];
	void *record = builder->section[kind] + section->used;

	size = (size + 7) / 8 * 8;
	require(section->used + size <= section->capacity);
	*ret_id = (uint32_t)(section->used / record_size[kind]) + 1;
	section->used += size;
	return record;
}

void *builder_record(struct ledger_builder *builder, enum ledger_section_kind kind, uint32_t id)
{
	uint64_t at = (uint64_t)(id - 1) * record_size[kind];

	require(id && at < builder->header.section[kind].used);
	return builder->section[kind] + at;
}

uint32_t builder_string(struct ledger_builder *builder, const char *text)
{
	size_t length = strlen(text);
	uint32_t id;
	struct ledger_string *string =
		append(builder, LEDGER_STRINGS, sizeof(*string) + length + 1, &id);

	string->length = (uint32_t)length;
	memcpy(string + 1, text, length);
	return id;
}

uint32_t builder_module(struct ledger_builder *builder, const char *path, uint32_t flags)
{
	uint32_t path_id = builder_string(builder, path), id;
	struct ledger_module *module = append(builder, LEDGER_MODULES, sizeof(*module), &id);

	module->path = path_id;
	module->flags = flags;
	module->libpq_version = flags & LEDGER_MODULE_LIBPQ ? 150020 : 0;
	module->build_id_length = 4;
	memcpy(module->build_id, "\xde\xad\xbe\xef", 4);
	return id;
}

uint32_t builder_call(struct ledger_builder *builder, const char *function)
{
	uint32_t function_id = builder_string(builder, function), id;
	struct ledger_frame *frame = append(builder, LEDGER_FRAMES, sizeof(*frame), &id);

	frame->function = function_id;
	frame->flags = LEDGER_FRAME_CALL;
	return id;
}

uint32_t builder_native(struct ledger_builder *builder, uint32_t module, uint64_t offset)
{
	uint32_t id;
	struct ledger_frame *frame = append(builder, LEDGER_FRAMES, sizeof(*frame), &id);

	frame->module = module;
	frame->offset = offset;
	frame->flags = LEDGER_FRAME_RETURN;
	return id;
}

uint32_t builder_python(struct ledger_builder *builder, const char *function, const char *file,
			uint32_t line)
{
	uint32_t function_id = builder_string(builder, function);
	uint32_t file_id = builder_string(builder, file), id;
	struct ledger_frame *frame = append(builder, LEDGER_FRAMES, sizeof(*frame), &id);

	frame->language = LEDGER_PYTHON;
	frame->function = function_id;
	frame->file = file_id;
	frame->line = line;
	return id;
}

uint32_t builder_stack(struct ledger_builder *builder, const uint32_t *frames, size_t count)
{
	uint32_t id;
	struct ledger_stack *stack = append(builder, LEDGER_STACKS,
					    sizeof(*stack) + count * sizeof(*frames), &id);

	stack->frame_count = (uint16_t)count;
	memcpy(stack + 1, frames, count * sizeof(*frames));
	return id;
}

uint32_t builder_stack_of(struct ledger_builder *builder, const uint32_t *frames)
{
	size_t count = 0;

	while (frames[count])
		count++;
	return builder_stack(builder, frames, count);
}

uint32_t builder_pool(struct ledger_builder *builder, const char *library, const char *type)
{
	uint32_t library_id = builder_string(builder, library);
	uint32_t type_id = builder_string(builder, type), id;
	struct ledger_pool *pool = append(builder, LEDGER_POOLS, sizeof(*pool), &id);

	pool->library = library_id;
	pool->type = type_id;
	pool->address = 0x7f0000000000 + id * 64;
	return id;
}

uint32_t builder_site(struct ledger_builder *builder, uint32_t stack)
{
	uint32_t id;
	struct ledger_site *site = append(builder, LEDGER_SITES, sizeof(*site), &id);

	site->opened_stack = stack;
	return id;
}

static void site_open(struct ledger_builder *builder, struct ledger_site *site)
{
	site->opened++;
	site->open++;
	if (site->open > site->peak_open)
		site->peak_open = site->open;
	site->last_opened_at_ns = builder->now_ns;
	if (!site->first_opened_at_ns)
		site->first_opened_at_ns = builder->now_ns;
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
		append(builder, LEDGER_CONNECTIONS, sizeof(*connection), &id);

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
	ending = append(builder, LEDGER_ENDINGS, sizeof(*ending), &id);
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
	struct ledger_misuse *misuse = append(builder, LEDGER_MISUSES, sizeof(*misuse), &id);

	misuse->kind = kind;
	misuse->stack = stack;
	misuse->at_ns = builder->now_ns;
	misuse->count = 1;
	misuse->connection = *(struct ledger_connection *)
		builder_record(builder, LEDGER_CONNECTIONS, connection);
	return id;
}

uint64_t builder_start_ticks(int pid)
{
	char path[64], line[1024];
	unsigned long long ticks = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	require(file && fgets(line, sizeof(line), file));
	fclose(file);
	/* Field 22; the second ends with the last parenthesis. */
	require(sscanf(strrchr(line, ')') + 2,
		       "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
		       "%*d %*d %*d %llu", &ticks) == 1);
	return ticks;
}

static void write_all(int fd, const void *bytes, size_t size, uint64_t offset)
{
	require(pwrite(fd, bytes, size, (off_t)offset) == (ssize_t)size);
}

static void write_fd(struct ledger_builder *builder, int fd)
{
	require(ftruncate(fd, 0) == 0);
	require(ftruncate(fd, (off_t)builder->header.file_size) == 0);
	write_all(fd, &builder->header, sizeof(builder->header), 0);
	for (int kind = 0; kind < LEDGER_SECTION_COUNT; kind++)
		if (builder->header.section[kind].used <= BUILDER_SECTION_BYTES)
			write_all(fd, builder->section[kind], builder->header.section[kind].used,
				  builder->header.section[kind].offset);
	close(fd);
}

void builder_write_to(struct ledger_builder *builder, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	require(fd >= 0);
	write_fd(builder, fd);
}

char *builder_write(struct ledger_builder *builder)
{
	char *path = strdup("/tmp/pqleak-test-XXXXXX");
	int fd;

	require(path);
	fd = mkostemp(path, O_CLOEXEC);
	require(fd >= 0);
	write_fd(builder, fd);
	return path;
}

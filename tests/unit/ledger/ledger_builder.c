#include "ledger_builder.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

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
	[LEDGER_RESULTS] = sizeof(struct ledger_result),
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

void *builder_append(struct ledger_builder *builder, enum ledger_section_kind kind, size_t size,
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
		builder_append(builder, LEDGER_STRINGS, sizeof(*string) + length + 1, &id);

	string->length = (uint32_t)length;
	memcpy(string + 1, text, length);
	return id;
}

uint32_t builder_module(struct ledger_builder *builder, const char *path, uint32_t flags)
{
	uint32_t path_id = builder_string(builder, path), id;
	struct ledger_module *module =
		builder_append(builder, LEDGER_MODULES, sizeof(*module), &id);

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
	struct ledger_frame *frame = builder_append(builder, LEDGER_FRAMES, sizeof(*frame), &id);

	frame->function = function_id;
	frame->flags = LEDGER_FRAME_CALL;
	return id;
}

uint32_t builder_native(struct ledger_builder *builder, uint32_t module, uint64_t offset)
{
	uint32_t id;
	struct ledger_frame *frame = builder_append(builder, LEDGER_FRAMES, sizeof(*frame), &id);

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
	struct ledger_frame *frame = builder_append(builder, LEDGER_FRAMES, sizeof(*frame), &id);

	frame->language = LEDGER_PYTHON;
	frame->function = function_id;
	frame->file = file_id;
	frame->line = line;
	return id;
}

uint32_t builder_stack(struct ledger_builder *builder, const uint32_t *frames, size_t count)
{
	uint32_t id;
	struct ledger_stack *stack = builder_append(builder, LEDGER_STACKS,
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
	struct ledger_pool *pool = builder_append(builder, LEDGER_POOLS, sizeof(*pool), &id);

	pool->library = library_id;
	pool->type = type_id;
	pool->address = 0x7f0000000000 + id * 64;
	return id;
}

uint32_t builder_site(struct ledger_builder *builder, uint32_t stack)
{
	uint32_t id;
	struct ledger_site *site = builder_append(builder, LEDGER_SITES, sizeof(*site), &id);

	site->opened_stack = stack;
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

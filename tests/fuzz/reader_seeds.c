/* Writes the seeds of reader_fuzz into a directory: small ledgers of the present layout. */
#include <stdio.h>
#include <string.h>

#include "ledger_builder.h"

/* Sections of the pages they need: a fuzzer wants small files. */
static void pack(struct ledger_builder *builder)
{
	uint64_t offset = 4096;

	for (int kind = 0; kind < LEDGER_SECTION_COUNT; kind++) {
		struct ledger_section *section = &builder->header.section[kind];

		section->offset = offset;
		section->capacity = 4096;
		offset += section->capacity;
	}
	builder->header.file_size = offset;
}

static void seed_write(struct ledger_builder *builder, const char *directory, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	pack(builder);
	builder_write_to(builder, path);
	builder_free(builder);
}

static struct ledger_builder *empty_ledger(void)
{
	return builder_new(1);
}

static struct ledger_builder *c_ledger(void)
{
	struct ledger_builder *builder = builder_new(1);
	uint32_t module = builder_module(builder, "/srv/x", LEDGER_MODULE_MAIN);
	uint32_t stack = BUILDER_STACK(builder, builder_call(builder, "PQconnectdb"),
				       builder_native(builder, module, 0x1234));
	uint32_t site = builder_site(builder, stack);

	builder_open(builder, site, 0);
	builder_fail(builder, builder_open(builder, site, 0), "3D000");
	builder_finish(builder, builder_open(builder, site, 0), 0, stack, "");
	return builder;
}

static struct ledger_builder *python_ledger(void)
{
	struct ledger_builder *builder = builder_new(1);
	uint32_t base = builder_python(builder, "_ConnectionRecord.__connect",
				       "/site-packages/sqlalchemy/pool/base.py", 681);
	uint32_t user = builder_python(builder, "handle_request", "/srv/app.py", 19);
	uint32_t opened = BUILDER_STACK(builder, builder_call(builder, "PQconnectdb"), base, user);
	uint32_t closed = BUILDER_STACK(builder, builder_call(builder, "PQfinish"), user);
	uint32_t pool = builder_pool(builder, "sqlalchemy", "QueuePool");
	uint32_t site = builder_site(builder, opened), id = 0;

	for (int i = 0; i < 4; i++) {
		id = builder_open(builder, site, pool);
		if (i % 2)
			builder_begin(builder, id, opened);
		if (i > 1)
			builder_finish(builder, id, i > 2 ? LEDGER_FINALIZING : 0, closed, "close");
	}
	builder_misuse(builder, LEDGER_MISUSE_INHERITED_FINISH, id, closed);
	return builder;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	seed_write(empty_ledger(), argv[1], "empty");
	seed_write(c_ledger(), argv[1], "c");
	seed_write(python_ledger(), argv[1], "python");
	return 0;
}

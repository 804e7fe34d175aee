#include "fake_perl.h"

#include <assert.h>
#include <string.h>

#include "frames/perl_object.h"

enum { OPCODE_NULL = 1, OPCODE_STATEMENT, OPCODE_SCOPE, OPCODE_GLOB, OPCODE_RV2CV, OPCODE_CALL,
       OPCODE_GOTO, OPCODE_METHOD, OPCODE_SUPER, OPCODE_REDIRECTED, OPCODE_REDIRECTED_SUPER,
       OPCODE_EVAL, OPCODE_OTHER };

static uintptr_t take(struct fake_perl *fake, size_t size)
{
	uintptr_t address = (uintptr_t)fake->arena + fake->used;

	fake->used += (size + 15) / 16 * 16;
	assert(fake->used <= sizeof(fake->arena));
	return address;
}

static void set_word(uintptr_t address, uintptr_t value)
{
	memcpy((void *)address, &value, sizeof(value));
}

static void set_int(uintptr_t address, int32_t value)
{
	memcpy((void *)address, &value, sizeof(value));
}

static void set_short(uintptr_t address, uint16_t value)
{
	memcpy((void *)address, &value, sizeof(value));
}

static void set_variable(struct fake_perl *fake, enum perl_variable variable, uintptr_t value)
{
	set_word(perl_variable(fake->interpreter, variable), value);
}

static uintptr_t make_key(struct fake_perl *fake, const char *text, bool is_utf8)
{
	uintptr_t key = take(fake, 8 + strlen(text) + 2);

	set_int(key + 4, (int32_t)strlen(text));
	memcpy((void *)(key + 8), text, strlen(text));
	*(uint8_t *)(key + 8 + strlen(text) + 1) = is_utf8;
	return key;
}

static uintptr_t make_value(struct fake_perl *fake, uint32_t flags, uintptr_t body, uintptr_t word)
{
	uintptr_t value = take(fake, 24);

	set_word(value, body);
	set_int(value + 12, (int32_t)flags);
	set_word(value + 16, word);
	return value;
}

static uintptr_t make_package(struct fake_perl *fake, const char *name)
{
	uintptr_t body = take(fake, 80), array = take(fake, 8 * 8 + 48);
	uintptr_t more = perl_runtime.minor < 36 ? array + 8 * 8 : body + 32;

	set_word(body + 24, 7);
	set_word(more, make_key(fake, name, true));
	return make_value(fake, 12 | 0x2000000, body, array);
}

static uintptr_t make_glob(struct fake_perl *fake, uintptr_t package, const char *name)
{
	uintptr_t body = take(fake, 48), parts = take(fake, 80);
	uintptr_t glob = make_value(fake, 9 | 0x8000, body, parts);

	set_word(body + 32, make_key(fake, name, false));
	set_word(body + 40, package);
	set_word(parts + 56, glob);
	return glob;
}

static uintptr_t make_sub(struct fake_perl *fake, uintptr_t glob)
{
	uintptr_t body = take(fake, 112);

	set_word(body + 56, glob);
	return make_value(fake, 13, body, 0);
}

static uintptr_t make_string(struct fake_perl *fake, const char *text)
{
	uintptr_t body = take(fake, 32), bytes = take(fake, strlen(text) + 1);

	set_word(body + 16, strlen(text));
	memcpy((void *)bytes, text, strlen(text));
	return make_value(fake, 4 | 0x400, body, bytes);
}

/* `beside` is a sibling, or the parent of the last part. */
static uintptr_t make_op(struct fake_perl *fake, uint16_t type)
{
	uintptr_t op = take(fake, 96);

	set_short(op + 32, type);
	return op;
}

static void set_sibling(uintptr_t op, uintptr_t sibling)
{
	uint16_t type;

	memcpy(&type, (void *)(op + 32), sizeof(type));
	set_short(op + 32, type | 0x4000);
	set_word(op + 8, sibling);
}

static void set_parts(uintptr_t parent, uintptr_t first, uintptr_t last)
{
	set_word(parent + 40, first);
	*(uint8_t *)(parent + 34) |= 4;
	set_word(last + 8, parent);
}

static uintptr_t make_statement(struct fake_perl *fake, uint16_t type, const char *file,
				int32_t line)
{
	uintptr_t cop = make_op(fake, type);
	uintptr_t bytes = take(fake, strlen(file) + 3);

	set_int(cop + PERL_COP_LINE, line);
	if (perl_runtime.key != 0) {
		strcpy((char *)bytes, file);
		set_word(cop + PERL_COP_FILE, bytes);
	} else {
		strcpy((char *)bytes, "_<");
		strcat((char *)bytes, file);
		set_word(cop + PERL_COP_FILE, make_glob(fake, 0, (char *)bytes));
	}
	return cop;
}

/* if (...) { $handle->disconnect }: the block's statement was taken out. Returns the `if`. */
static uintptr_t make_block(struct fake_perl *fake)
{
	uintptr_t outer = make_statement(fake, OPCODE_STATEMENT, FAKE_PERL_FILE, 10);
	uintptr_t block = make_op(fake, OPCODE_SCOPE);
	uintptr_t inner = make_statement(fake, OPCODE_NULL, FAKE_PERL_FILE, 12);
	uintptr_t mark = make_op(fake, OPCODE_OTHER), method = make_op(fake, OPCODE_METHOD);

	fake->call = make_op(fake, OPCODE_CALL);
	set_word(inner + 24, OPCODE_STATEMENT);
	set_sibling(outer, block);
	set_parts(block, inner, fake->call);
	set_sibling(inner, fake->call);
	set_parts(fake->call, mark, method);
	set_sibling(mark, method);

	uintptr_t name = make_string(fake, "disconnect");

	if (perl_runtime.key != 0) {
		uintptr_t pad = take(fake, 32);

		set_word(method + 24, 3);
		set_word(pad + 3 * 8, name);
		set_variable(fake, PERL_PAD, pad);
	} else {
		set_word(method + 40, name);
	}
	return outer;
}

static void set_context(uintptr_t context, uint8_t type, uintptr_t cop, uintptr_t sub)
{
	*(uint8_t *)context = type;
	set_word(context + 16, cop);
	set_word(context + 72, sub);
}

static void make_contexts(struct fake_perl *fake)
{
	uintptr_t main_statement = make_statement(fake, OPCODE_STATEMENT, "/fake/main.pl", 30);
	uintptr_t contexts = take(fake, 4 * 104), stack = take(fake, 24);

	fake->info = take(fake, 48);
	fake->package = make_package(fake, "Fake::Gr\xc3\xb6\xc3\x9f" "e");

	uintptr_t sub = make_sub(fake, make_glob(fake, fake->package, "inner"));

	set_context(contexts, 1, 0, 0);                       /* a block */
	set_context(contexts + 104, 11 | 0x40, main_statement, 0); /* eval { } */
	set_context(contexts + 208, 9, main_statement, sub);
	set_word(fake->info, stack);
	set_word(fake->info + 8, contexts);
	set_int(fake->info + 32, 2);
	set_int(fake->info + 36, 3);
	set_int(fake->info + 44, 1);
	set_variable(fake, PERL_STACK, stack);
	set_variable(fake, PERL_STACK_INFO, fake->info);
	set_variable(fake, PERL_COP, make_block(fake));
	set_variable(fake, PERL_OP, fake->call);
}

void fake_perl_init(struct fake_perl *fake, unsigned minor, bool has_threads)
{
	memset(fake, 0, sizeof(*fake));
	perl_runtime = (struct perl_runtime){
		.minor = minor,
		.key = has_threads, /* only whether there is one counts */
		.opcodes = { OPCODE_NULL, OPCODE_STATEMENT, OPCODE_SCOPE, OPCODE_GLOB,
			     OPCODE_RV2CV, OPCODE_CALL, OPCODE_GOTO, OPCODE_METHOD, OPCODE_SUPER,
			     OPCODE_REDIRECTED, OPCODE_REDIRECTED_SUPER, OPCODE_EVAL },
	};

	int error = perl_layout_init(minor, &perl_runtime.layout);

	assert(error == 0);
	(void)error;
	fake->interpreter = take(fake, perl_runtime.layout.size);
	if (!has_threads) {
		/* Each variable has an address of its own. */
		for (size_t i = 0; i < PERL_VARIABLE_COUNT; i++)
			perl_runtime.layout.place[i] += fake->interpreter;
		fake->interpreter = 0;
	}
	fake->root = make_op(fake, OPCODE_OTHER);
	set_variable(fake, PERL_MAIN_ROOT, fake->root);
	set_variable(fake, PERL_SAVED, take(fake, 1024));
	fake_perl_set_phase(fake, 4);
	make_contexts(fake);
}

void fake_perl_set_phase(struct fake_perl *fake, int32_t phase)
{
	set_int(perl_variable(fake->interpreter, PERL_PHASE), phase);
}

void fake_perl_destroy(struct fake_perl *fake)
{
	uintptr_t info = take(fake, 48), stack = take(fake, 24);

	set_word(info, stack);
	set_word(info + 16, fake->info);
	set_int(info + 32, -1);
	set_int(info + 44, 6);
	set_variable(fake, PERL_STACK, stack);
	set_variable(fake, PERL_STACK_INFO, info);
}

void fake_perl_save(struct fake_perl *fake, uintptr_t word)
{
	uintptr_t count = perl_variable(fake->interpreter, PERL_SAVED_COUNT);
	uintptr_t saved;
	int32_t used;

	memcpy(&used, (void *)count, sizeof(used));
	memcpy(&saved, (void *)perl_variable(fake->interpreter, PERL_SAVED), sizeof(saved));
	set_word(saved + (uintptr_t)used * 8, word);
	set_word(saved + (uintptr_t)used * 8 + 8, 25); /* what it is */
	set_int(count, used + 2);
}

#include "frames/perl_layout.h"

#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "frames/symbols.h"

struct row {
	uint16_t minor;
	uint16_t cop, stack, stack_info, main_root, phase, size;
};

static const struct row rows[] = {
#define PERL_LAYOUT(minor, cop, stack, stack_info, main_root, phase, size) \
	{ minor, cop, stack, stack_info, main_root, phase, size },
#include "frames/perl_layout.def"
#undef PERL_LAYOUT
};

/* These two stand between `stack_info` and `main_root`, and are not the same everywhere. */
enum { STAT_SIZE = 144, JUMP_SIZE = 200 };
static const uint16_t moved = (uint16_t)(sizeof(struct stat) - STAT_SIZE +
					 sizeof(sigjmp_buf) - JUMP_SIZE);

static const struct row *row_of(unsigned minor)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].minor == minor)
			return &rows[i];
	return NULL;
}

int perl_layout_init(unsigned minor, struct perl_layout *ret)
{
	const struct row *row = row_of(minor);

	if (row == NULL)
		return -ENOTSUP;
	*ret = (struct perl_layout){
		.place = {
			[PERL_OP] = 8,
			[PERL_PAD] = 16,
			[PERL_SAVED] = 40,
			[PERL_SAVED_COUNT] = 48,
			[PERL_COP] = row->cop,
			[PERL_STACK] = row->stack,
			[PERL_STACK_INFO] = row->stack_info,
			[PERL_MAIN_ROOT] = (uint16_t)(row->main_root + moved),
			[PERL_PHASE] = (uint16_t)(row->phase + moved),
		},
		.size = (uint16_t)(row->size + moved),
	};
	return 0;
}

int perl_layout_init_single(unsigned minor, struct perl_layout *ret)
{
	static const char *const names[PERL_VARIABLE_COUNT] = {
		[PERL_OP] = "PL_op",
		[PERL_PAD] = "PL_curpad",
		[PERL_SAVED] = "PL_savestack",
		[PERL_SAVED_COUNT] = "PL_savestack_ix",
		[PERL_COP] = "PL_curcop",
		[PERL_STACK] = "PL_curstack",
		[PERL_STACK_INFO] = "PL_curstackinfo",
		[PERL_MAIN_ROOT] = "PL_main_root",
		[PERL_PHASE] = "PL_phase",
	};
	struct perl_layout layout = { .size = 0 };

	if (row_of(minor) == NULL)
		return -ENOTSUP;
	for (size_t i = 0; i < PERL_VARIABLE_COUNT; i++) {
		layout.place[i] = symbol_address(names[i]);
		if (layout.place[i] == 0)
			return -ENOTSUP;
	}
	*ret = layout;
	return 0;
}

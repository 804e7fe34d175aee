#include "frames/perl_mark.h"

#include "frames/mark.h"
#include "frames/perl_context.h"
#include "frames/perl_object.h"

/* Where the next frame is, as in the walk. */
struct place {
	uintptr_t cop, op;
	uint64_t mix;
	size_t count;
	bool is_known;
};

static uintptr_t variable(uintptr_t interpreter, enum perl_variable name)
{
	return mark_word(perl_variable(interpreter, name));
}

/* A statement's sequence is another one for what is compiled later at its address. */
static void add(struct place *place, uint8_t type)
{
	if (!place->cop) {
		place->is_known = false;
		return;
	}
	uint64_t line = mark_number(place->cop + PERL_COP_LINE);

	place->mix = mark_frame(place->mix, place->cop, place->op,
				line << 32 | mark_number(place->cop + PERL_COP_SEQUENCE), type);
	place->count++;
}

static void add_contexts(struct place *place, uintptr_t info, size_t max)
{
	uintptr_t contexts = mark_word(info + INFO_CONTEXTS);

	int32_t i = (int32_t)mark_number(info + INFO_LAST);

	for (; i >= 0 && place->is_known && place->count <= max; i--) {
		uintptr_t context = contexts + (uintptr_t)i * CONTEXT_SIZE;
		uint8_t type = mark_byte(context + CONTEXT_TYPE);

		if (!perl_is_call(type))
			continue;
		add(place, type);
		place->cop = mark_word(context + CONTEXT_COP);
		place->op = mark_word(context + CONTEXT_RETURN);
		if (place->op)
			place->op |= IS_NEXT;
	}
}

/* The one that the walk leaves out, too: the program has ended, or an END block runs. */
static bool has_outermost(uintptr_t interpreter, const struct place *place)
{
	return place->cop && variable(interpreter, PERL_MAIN_ROOT) != 0 &&
	       mark_number(place->cop + PERL_COP_LINE) != 0;
}

size_t perl_mark(uintptr_t interpreter, size_t max, uint64_t *mix, bool *ret_is_known)
{
	uint32_t phase = mark_number(perl_variable(interpreter, PERL_PHASE));
	uintptr_t info = variable(interpreter, PERL_STACK_INFO);
	struct place place = {
		.cop = variable(interpreter, PERL_COP),
		.op = variable(interpreter, PERL_OP),
		.mix = *mix,
		.is_known = phase == PHASE_RUN,
	};

	while (info && place.is_known && place.count <= max) {
		add_contexts(&place, info, max);
		if (mark_number(info + INFO_TYPE) == INFO_MAIN)
			break;
		info = mark_word(info + INFO_PREVIOUS);
	}
	if (place.is_known && place.count <= max && has_outermost(interpreter, &place))
		add(&place, 0);
	*mix = place.mix;
	*ret_is_known = place.is_known;
	return place.count;
}

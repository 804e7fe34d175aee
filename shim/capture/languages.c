#include "capture/languages.h"

#include "capture/gate.h"
#include "capture/objects.h"
#include "frames/symbols.h"

static const struct language *const languages[] = {
#define LANGUAGE(name) &name,
#include "capture/languages.def"
#undef LANGUAGE
};

enum { LANGUAGE_COUNT = sizeof(languages) / sizeof(languages[0]) };

static enum language_state states[LANGUAGE_COUNT];
static uint64_t attached_generation;
static bool is_any_ready;

static enum language_state state_of(size_t language)
{
	return __atomic_load_n(&states[language], __ATOMIC_ACQUIRE);
}

static void attach(struct language const *language, enum language_state *state)
{
	enum language_state absent = LANGUAGE_ABSENT;

	if (__atomic_load_n(state, __ATOMIC_ACQUIRE) != LANGUAGE_ABSENT)
		return;
	/* Another thread, too, may be at it, and have looked later. */
	if (__atomic_compare_exchange_n(state, &absent, language->attach(), false,
					__ATOMIC_RELEASE, __ATOMIC_RELAXED) &&
	    __atomic_load_n(state, __ATOMIC_RELAXED) == LANGUAGE_READY)
		__atomic_store_n(&is_any_ready, true, __ATOMIC_RELEASE);
}

uint32_t languages_attach(void)
{
	uint64_t generation = objects_generation();
	uint32_t unread = 0;

	/* Said only when it is done: a thread that comes meanwhile would have no frames. */
	if (__atomic_load_n(&attached_generation, __ATOMIC_ACQUIRE) != generation) {
		gate_enter();
		for (size_t i = 0; i < LANGUAGE_COUNT; i++)
			attach(languages[i], &states[i]);
		gate_leave();
		__atomic_store_n(&attached_generation, generation, __ATOMIC_RELEASE);
	}
	for (size_t i = 0; i < LANGUAGE_COUNT; i++)
		if (state_of(i) == LANGUAGE_UNSUPPORTED || state_of(i) == LANGUAGE_NATIVE_ONLY)
			unread |= 1u << languages[i]->id;
	return unread;
}

const char *languages_unsupported(void)
{
	for (size_t i = 0; i < LANGUAGE_COUNT; i++)
		if (state_of(i) == LANGUAGE_UNSUPPORTED)
			return languages[i]->name;
	return NULL;
}

static size_t walk(const struct language *language, struct language_frame *frames, size_t max,
		   bool *ret_is_longer)
{
	return language->walk(frames, max, ret_is_longer);
}

static size_t look(const struct language *language, struct language_frame *frames, size_t max,
		   bool *ret_is_longer)
{
	return language->look ? language->look(frames, max) :
				language->walk(frames, max, ret_is_longer);
}

/* Of the first language that runs any, by `read`. */
static const struct language *
frames_read(size_t (*read)(const struct language *, struct language_frame *, size_t, bool *),
	    struct language_frame *frames, size_t max, size_t *ret_count, bool *is_truncated)
{
	const struct language *language = NULL;

	*ret_count = 0;
	gate_enter();
	for (size_t i = 0; i < LANGUAGE_COUNT && !language; i++) {
		bool is_longer = false;

		if (state_of(i) != LANGUAGE_READY)
			continue;
		*ret_count = read(languages[i], frames, max, &is_longer);
		*is_truncated |= is_longer;
		if (*ret_count)
			language = languages[i];
	}
	gate_leave();
	return language;
}

const struct language *languages_walk(struct language_frame *frames, size_t max,
				      size_t *ret_count, bool *is_truncated)
{
	return frames_read(walk, frames, max, ret_count, is_truncated);
}

const struct language *languages_look(struct language_frame *frames, size_t max,
				      size_t *ret_count)
{
	bool is_truncated = false;

	return frames_read(look, frames, max, ret_count, &is_truncated);
}

/* The epoch first: what is freed while the frames are read begins the next one. */
static bool mark(size_t max, struct languages_mark *ret)
{
	for (size_t i = 0; i < LANGUAGE_COUNT; i++) {
		bool is_known = false;

		if (state_of(i) != LANGUAGE_READY)
			continue;
		if (!languages[i]->mark)
			return false;
		*ret = (struct languages_mark){
			.number = i,
			.epoch = languages[i]->epoch ? languages[i]->epoch() : 0,
			.can_look = languages[i]->look,
		};
		ret->count = languages[i]->mark(max, &ret->number, &is_known);
		if (!is_known || ret->count)
			return is_known;
	}
	*ret = (struct languages_mark){ 0 };
	return true;
}

bool languages_mark(size_t max, struct languages_mark *ret)
{
	bool is_known;

	*ret = (struct languages_mark){ 0 };
	if (!__atomic_load_n(&is_any_ready, __ATOMIC_ACQUIRE))
		return true;
	/* Else a mark has no lock to leave behind in a forked child. */
	bool is_gated = !symbols_have_homes();

	if (is_gated)
		gate_enter();
	is_known = mark(max, ret);
	if (is_gated)
		gate_leave();
	return is_known;
}

static void read_moment(const struct language *language, const struct language_frame *frames,
			size_t count, struct language_moment *ret)
{
	gate_enter();
	language->read_moment(frames, count, ret);
	gate_leave();
}

const struct language *languages_read_moment(const struct language *language,
					     const struct language_frame *frames, size_t count,
					     struct language_moment *ret)
{
	if (!language && !__atomic_load_n(&is_any_ready, __ATOMIC_ACQUIRE))
		return NULL;
	for (size_t i = 0; i < LANGUAGE_COUNT && !language; i++)
		if (state_of(i) == LANGUAGE_READY)
			language = languages[i];
	if (language)
		read_moment(language, frames, count, ret);
	return language;
}

bool languages_are_finalizing(void)
{
	struct language_moment moment = { 0 };

	for (size_t i = 0; i < LANGUAGE_COUNT && !moment.is_finalizing; i++)
		if (state_of(i) == LANGUAGE_READY)
			read_moment(languages[i], NULL, 0, &moment);
	return moment.is_finalizing;
}

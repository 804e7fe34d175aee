#include "frames/attachment.h"

#include "frames/symbols.h"

/* Under the lock. `openings` and `unloaded` are of before the look. */
static void note_home(struct attachment *attachment, unsigned long openings,
		      unsigned long long unloaded)
{
	struct symbol_home home = { 0 };
	uintptr_t address = 0;

	if (attachment->state == LANGUAGE_READY && attachment->place) {
		address = attachment->place();
		if (!symbol_home_find(address, &home))
			home = (struct symbol_home){ 0 };
	}
	atomic_store(&attachment->address, address);
	atomic_store(&attachment->start, home.start);
	atomic_store(&attachment->end, home.end);
	atomic_store(&attachment->map, home.map);
	atomic_store(&attachment->unloaded, unloaded);
	atomic_store(&attachment->openings, openings);
}

enum language_state attachment_attach(struct attachment *attachment)
{
	if (atomic_load(&attachment->state) != LANGUAGE_ABSENT)
		return atomic_load(&attachment->state);

	pthread_mutex_lock(&attachment->lock);
	if (atomic_load(&attachment->state) == LANGUAGE_ABSENT) {
		unsigned long openings = symbols_openings();
		unsigned long long unloaded = symbols_unloaded();

		atomic_store(&attachment->state, attachment->find());
		note_home(attachment, openings, unloaded);
	}
	pthread_mutex_unlock(&attachment->lock);
	return atomic_load(&attachment->state);
}

static bool is_at_home(const struct attachment *attachment)
{
	const struct symbol_home home = {
		.start = atomic_load(&attachment->start),
		.end = atomic_load(&attachment->end),
		.map = atomic_load(&attachment->map),
	};

	return atomic_load(&attachment->openings) == symbols_openings() &&
	       symbol_home_is(atomic_load(&attachment->address), &home);
}

static void follow(struct attachment *attachment)
{
	unsigned long openings = symbols_openings();
	unsigned long long unloaded = symbols_unloaded();

	if (unloaded == atomic_load(&attachment->unloaded) &&
	    openings == atomic_load(&attachment->openings))
		return;
	pthread_mutex_lock(&attachment->lock);
	if (unloaded != atomic_load(&attachment->unloaded) && !attachment->is_there())
		atomic_store(&attachment->state, attachment->find());
	note_home(attachment, openings, unloaded);
	pthread_mutex_unlock(&attachment->lock);
}

bool attachment_holds(struct attachment *attachment)
{
	if (atomic_load(&attachment->state) == LANGUAGE_READY && attachment->is_there &&
	    !is_at_home(attachment))
		follow(attachment);
	return atomic_load(&attachment->state) == LANGUAGE_READY;
}

bool attachment_stays(const struct attachment *attachment)
{
	if (atomic_load(&attachment->state) != LANGUAGE_READY)
		return false;
	if (!attachment->is_there || is_at_home(attachment))
		return true;
	return !symbols_have_homes() && symbols_unloaded() == atomic_load(&attachment->unloaded);
}

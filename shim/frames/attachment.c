#include "frames/attachment.h"

#include "frames/symbols.h"

enum language_state attachment_attach(struct attachment *attachment)
{
	if (atomic_load(&attachment->state) != LANGUAGE_ABSENT)
		return atomic_load(&attachment->state);

	pthread_mutex_lock(&attachment->lock);
	if (atomic_load(&attachment->state) == LANGUAGE_ABSENT) {
		atomic_store(&attachment->unloaded, symbols_unloaded());
		atomic_store(&attachment->state, attachment->find());
	}
	pthread_mutex_unlock(&attachment->lock);
	return atomic_load(&attachment->state);
}

static void follow(struct attachment *attachment)
{
	unsigned long long unloaded = symbols_unloaded();

	if (unloaded == atomic_load(&attachment->unloaded))
		return;
	pthread_mutex_lock(&attachment->lock);
	if (!attachment->is_there())
		atomic_store(&attachment->state, attachment->find());
	atomic_store(&attachment->unloaded, unloaded);
	pthread_mutex_unlock(&attachment->lock);
}

bool attachment_holds(struct attachment *attachment)
{
	if (atomic_load(&attachment->state) == LANGUAGE_READY && attachment->is_there)
		follow(attachment);
	return atomic_load(&attachment->state) == LANGUAGE_READY;
}

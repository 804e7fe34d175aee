#include "analyze/closers.h"

#include <stddef.h>
#include <string.h>

static const struct closer {
	const char *name;
	bool is_release;
} closers[] = {
#define CLOSER(name) { name, false },
#define RELEASE(name) { name, true },
#include "analyze/closers.def"
#undef RELEASE
#undef CLOSER
};

static const struct closer *closer_find(const char *called)
{
	for (size_t i = 0; i < sizeof(closers) / sizeof(closers[0]); i++)
		if (strcmp(called, closers[i].name) == 0)
			return &closers[i];
	return NULL;
}

bool closer_is_name(const char *called)
{
	return closer_find(called);
}

bool closer_is_release(const char *called)
{
	const struct closer *closer = closer_find(called);

	return closer && closer->is_release;
}

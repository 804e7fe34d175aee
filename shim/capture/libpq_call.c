/* The names of the wrapped calls. */
#include <string.h>

#include "capture/libpq.h"

const char *const libpq_call_names[CALL_COUNT] = {
#define LIBPQ_CALL(class, type, name, parameters, arguments) [CALL_##name] = #name,
#include "capture/libpq_calls.def"
#undef LIBPQ_CALL
};

bool libpq_call_named(const char *name, enum libpq_call *ret_call)
{
	for (int call = 0; call < CALL_COUNT; call++) {
		if (strcmp(name, libpq_call_names[call]))
			continue;
		*ret_call = (enum libpq_call)call;
		return true;
	}
	return false;
}

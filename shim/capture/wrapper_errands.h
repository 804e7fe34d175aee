/* The wrappers of what connects inside for a moment, and ends it again: no connection of the
 * program's. Private to capture/wrappers.c, whose `find` and `note_errand` the bodies use.
 */
#ifndef CAPTURE_WRAPPER_ERRANDS_H
#define CAPTURE_WRAPPER_ERRANDS_H

#define WRAP_CANCEL_FINISH(type, name, parameters, arguments)                           \
	LINKAGE type NAME(name) parameters                                              \
	{                                                                               \
		struct libpq *libpq = find(SLOT, RETURN_ADDRESS, CALL_##name);          \
                                                                                        \
		if (!libpq)                                                             \
			return;                                                         \
		note_errand(libpq);                                                     \
		note_giving_back(cancel);                                               \
		REAL(libpq, type, name, parameters) arguments;                          \
	}

#define WRAP_ERRAND(type, name, parameters, arguments, missing)                         \
	LINKAGE type NAME(name) parameters                                              \
	{                                                                               \
		struct libpq *libpq = find(SLOT, RETURN_ADDRESS, CALL_##name);          \
		bool was_known = attempt.is_known;                                      \
                                                                                        \
		if (!libpq)                                                             \
			return missing;                                                 \
		note_errand(libpq);                                                  \
		attempt.is_known = true;                                                \
		type status = REAL(libpq, type, name, parameters) arguments;            \
                                                                                        \
		attempt.is_known = was_known;                                           \
		return status;                                                          \
	}

#define WRAP_PING(type, name, parameters, arguments)                                    \
	WRAP_ERRAND(type, name, parameters, arguments, PQPING_NO_ATTEMPT)

#define WRAP_CANCEL(type, name, parameters, arguments)                                  \
	WRAP_ERRAND(type, name, parameters, arguments, 0)

#endif

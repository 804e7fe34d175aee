/* Which libpq is this call for? A process may hold several: each has real
 * functions of its own, found in the scope of the object that called.
 *
 * Context: any thread, no lock of ours held (the loader's are taken when a caller
 * is seen for the first time); not async-signal-safe. Keeps errno.
 */
#ifndef CAPTURE_LIBPQ_H
#define CAPTURE_LIBPQ_H

#include <libpq-events.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* libpq 17's, where this build's header is older. */
typedef struct pg_cancel_conn PGcancelConn;

enum libpq_call {
#define LIBPQ_CALL(class, type, name, parameters, arguments) CALL_##name,
#include "capture/libpq_calls.def"
#undef LIBPQ_CALL
	CALL_COUNT
};

extern const char *const libpq_call_names[CALL_COUNT];

enum libpq_shape { SHAPE_UNKNOWN, SHAPE_KNOWN, SHAPE_OTHER };

/* One libpq in this process. Never freed and never unloaded once seen. */
struct libpq {
	uintptr_t start, end;
	int version;            /* as PQlibVersion() */
	uint32_t flags;         /* enum ledger_module_flag: how it came into the process */
	bool is_complete;       /* has every accessor; else its calls are passed on unrecorded */
	uint8_t shape;          /* enum libpq_shape, of its connections: shape.h */
	void *call[CALL_COUNT]; /* NULL: this version does not have it */
#define LIBPQ_ACCESSOR(type, name, parameters) type(*name) parameters;
#include "capture/libpq_accessors.def"
#undef LIBPQ_ACCESSOR
	int (*register_event_proc)(PGconn *conn, PGEventProc proc, const char *name, void *data);
};

/* So many libpqs have wrappers of their own for who asks dlsym for their functions. */
enum { LIBPQ_SLOTS = 4 };

/* The libpq that a call from `return_address` would have reached without us. NULL
 * when there is none, which is said once. */
struct libpq *libpq_find(uintptr_t return_address, enum libpq_call call);

/* The library that a call from `return_address` reaches before libpq, which wraps some of
 * its functions and is in the caller's scope alone. NULL for nearly everybody. */
struct libpq *libpq_before(uintptr_t return_address, enum libpq_call call);

/* Is `name` one of the wrapped calls? */
bool libpq_call_named(const char *name, enum libpq_call *ret_call);

/* The libpq whose `call` is `function`, which somebody got from dlsym; NULL when it is
 * something else's of that name, or another preloaded library stands before it. */
struct libpq *libpq_asked_for(void *function, enum libpq_call call);

/* Each libpq has a number from 0 on, in the order of their first sight. */
size_t libpq_slot(const struct libpq *libpq);
struct libpq *libpq_in_slot(size_t slot);

/* Does a call from `return_address` come from inside of `libpq`, or from the shim?
 * libpq calls its own exports through the PLT (PQconnectdb calls PQconnectStart):
 * only what comes from outside is the application's. */
bool libpq_is_nested(const struct libpq *libpq, uintptr_t return_address);

/* The known libpq that covers `address`, or NULL. Takes no lock at all. */
struct libpq *libpq_inside(uintptr_t address);

/* In a forked child, where nobody holds the lock. */
void libpq_reset_lock(void);

#endif

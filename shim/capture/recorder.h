/* The record of this process: registry, depot and ledger under one lock.
 *
 * A forked child starts its own at its first record; it knows its parent's
 * connections and never reports them as its own.
 *
 * Context unless said: any thread, no lock of ours held; not async-signal-safe.
 * Keeps errno; not a cancellation point. Where nothing can be recorded the call
 * does nothing.
 */
#ifndef CAPTURE_RECORDER_H
#define CAPTURE_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"
#include "capture/libpq.h"
#include "capture/use.h"
#include "ledger/writer.h"

/* Called once a process, at its first record, with no lock held. */
typedef void recorder_started(const struct ledger *ledger);

/* Defined by who wires the recorder: the shim's constructor, which calls recorder_init.
 * Called again, it does nothing. */
void recorder_load(void);

/* Context: recorder_load only. `options` and `started` live as long as the process. */
void recorder_init(const struct options *options, recorder_started *started);

/* Is pqleak not turned off? Begins nothing. */
bool recorder_may_record(void);

/* Is RTLD_DEEPBIND to be cleared, so that this program's plug-ins are seen? */
bool recorder_clears_deepbind(void);

/* A creator returned `use->conn`, not NULL, of `use->libpq`. `sqlstate` is "" or that of its
 * failure. */
void recorder_opened(const struct use *use, const char *sqlstate);

/* PQreset or PQresetStart is about to close the socket: until another is there, it has none.
 * True when the connection is not this process's own: its session is finished now, and what
 * the reset makes is to be recorded as opened. */
bool recorder_resetting(const struct use *use);

/* PQconnectPoll, PQresetPoll or PQreset is done with `conn`, for better or worse. */
void recorder_connected(PGconn *conn, const char *sqlstate);

/* The server has answered on `conn`: where nobody saw its connect end, it has ended well. */
void recorder_answered(PGconn *conn);

/* What is known of `conn`; NULL when it is not on record. Takes no lock, but where who has it
 * was stopped in the middle of a change. */
struct connection *recorder_find(const PGconn *conn);

/* The libpq that made it. */
struct libpq *recorder_libpq(const PGconn *conn);

/* A call on a connection that is on record is about to be made, and will be recorder_used. */
void recorder_using(struct use *use);

/* The same of one that will not. */
void recorder_entering(struct use *use);

/* It was made, and has returned. */
void recorder_used(const struct use *use);

/* It returned, and only reads: what was sent may be over. */
void recorder_received(const struct use *use);

/* It returned, and was no use. */
void recorder_left(const struct use *use);

/* PQfinish is about to be called. The record is closed *before* the real call: libpq
 * hands the same address to the next connect at once. */
void recorder_finishing(const struct use *use);

/* Does PQLEAK_TRACK have results? To be looked at before the two calls below: they are then
 * all that the others pay. */
extern bool recorder_tracks_results;

/* `call` has returned `pointer`, NULL or not, which is to be given back. */
void recorder_made(struct libpq *libpq, enum libpq_call call, enum ledger_result_kind kind,
		   const void *pointer, uintptr_t return_address);

/* `pointer`, NULL or not, is about to be freed. Before the real call: its address may be
 * handed out again at once. */
void recorder_giving_back(const void *pointer);

/* `call` is about to be made on `conn`, which is not on record: was it finished already, or is
 * it no connection at all? True when that is a misuse which was not seen before; it may end
 * the process. Says nothing of what may be a connection that was made past the wrappers. */
bool recorder_strange(struct libpq *libpq, enum libpq_call call, const PGconn *conn,
		      uintptr_t return_address);

/* Was the last connection at this address, as far as that is known, finished? */
bool recorder_is_finished(const PGconn *conn);

/* Is there nothing to say of this process: every connection was finished by the main
 * program's own code, before exit, all results were given back, and nothing was lost? What
 * an interpreter's extension finishes may be a collector's doing, and is for the report to
 * judge. Context: any. */
bool recorder_is_clean(void);

/* How many connections this process has open, failed ones left out. */
uint64_t recorder_count_open(void);

/* Marks those as reported now. Returns a descriptor of a copy of the ledger (ledger_copy),
 * which the caller closes, or -Exxx. */
int recorder_copy_reported(void);

/* Exit handlers of the process have begun. Context: any. */
void recorder_exiting(void);

/* The ledger of this process, NULL when there is none (yet), also in a child that
 * has its parent's memory. Context: any; async-signal-safe. */
struct ledger *recorder_ledger(void);

#endif

/* Calls each function of libpq that pqleak wraps, and says what came back: a line a call,
 *
 *	PQexec: PGRES_COMMAND_OK, BEGIN, 0 rows, 0 parameters | transaction 2
 *
 * and a step after each line (step_wait.h). Every call of the table is said, each time, but
 * those in a loop that waits: how often these are called is not the same in each run. What
 * this libpq does not have is left out, by its version: under the shim every symbol is there.
 */
#ifndef EVERY_CALL_H
#define EVERY_CALL_H

#include <libpq-fe.h>
#include <stdbool.h>

/* Those that are in no header of the libpq this is built with, or may be in no libpq that it
 * runs with. */
struct pg_cancel_conn;
extern struct pg_cancel_conn *PQcancelCreate(PGconn *conn);
extern int PQcancelBlocking(struct pg_cancel_conn *cancel);
extern int PQcancelStart(struct pg_cancel_conn *cancel);
extern PostgresPollingStatusType PQcancelPoll(struct pg_cancel_conn *cancel);
extern ConnStatusType PQcancelStatus(const struct pg_cancel_conn *cancel);
extern int PQcancelSocket(const struct pg_cancel_conn *cancel);
extern void PQcancelReset(struct pg_cancel_conn *cancel);
extern void PQcancelFinish(struct pg_cancel_conn *cancel);
extern PGresult *PQchangePassword(PGconn *conn, const char *user, const char *password);
extern PGresult *PQclosePrepared(PGconn *conn, const char *name);
extern PGresult *PQclosePortal(PGconn *conn, const char *name);
extern int PQsendClosePrepared(PGconn *conn, const char *name);
extern int PQsendClosePortal(PGconn *conn, const char *name);
extern int PQsendPipelineSync(PGconn *conn);
extern int PQsetChunkedRowsMode(PGconn *conn, int size);

#pragma weak PQcancelCreate
#pragma weak PQcancelBlocking
#pragma weak PQcancelStart
#pragma weak PQcancelPoll
#pragma weak PQcancelStatus
#pragma weak PQcancelSocket
#pragma weak PQcancelReset
#pragma weak PQcancelFinish
#pragma weak PQchangePassword
#pragma weak PQclosePrepared
#pragma weak PQclosePortal
#pragma weak PQsendClosePrepared
#pragma weak PQsendClosePortal
#pragma weak PQsendPipelineSync
#pragma weak PQsetChunkedRowsMode
#pragma weak PQenterPipelineMode
#pragma weak PQexitPipelineMode
#pragma weak PQpipelineSync
#pragma weak PQsendFlushRequest

bool is_at_least(int major);

/* Says a call and what it returned, formatted, and stops at a step. `conn` may be NULL: then
 * nothing is said of its transaction. */
__attribute__((format(printf, 3, 4)))
void say(const PGconn *conn, const char *call, const char *format, ...);

/* The same of a result, and clears it. */
void say_result(const PGconn *conn, const char *call, PGresult *result);

/* Gets all results of what was sent, and says each; the last is NULL. */
void say_results(PGconn *conn);

/* Runs a query that has to work. */
void prepare(PGconn *conn, const char *query);

/* Waits until libpq can read, or write, on the descriptor. */
void wait_for(int descriptor, PostgresPollingStatusType status);

void call_creators(void);
void call_queries(PGconn *conn);
void call_sends(PGconn *conn);
void call_readers(PGconn *conn);
void call_copies(PGconn *conn);
void call_pipeline(PGconn *conn);
void call_large_objects(PGconn *conn);
void call_cancels(PGconn *conn);

#endif

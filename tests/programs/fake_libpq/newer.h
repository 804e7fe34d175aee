/* What libpq 16 to 18 added, for building with an older libpq-fe.h. From the
 * documentation of those versions.
 */
#ifndef FAKE_LIBPQ_NEWER_H
#define FAKE_LIBPQ_NEWER_H

#include <libpq-fe.h>

#ifndef LIBPQ_HAS_ASYNC_CANCEL
typedef struct pg_cancel_conn PGcancelConn;
PGcancelConn *PQcancelCreate(PGconn *conn);
int PQcancelStart(PGcancelConn *cancel);
int PQcancelBlocking(PGcancelConn *cancel);
PostgresPollingStatusType PQcancelPoll(PGcancelConn *cancel);
ConnStatusType PQcancelStatus(const PGcancelConn *cancel);
int PQcancelSocket(const PGcancelConn *cancel);
char *PQcancelErrorMessage(const PGcancelConn *cancel);
void PQcancelReset(PGcancelConn *cancel);
void PQcancelFinish(PGcancelConn *cancel);
#endif
#ifndef LIBPQ_HAS_CHANGE_PASSWORD
PGresult *PQchangePassword(PGconn *conn, const char *user, const char *password);
#endif
#ifndef LIBPQ_HAS_CHUNK_MODE
int PQsetChunkedRowsMode(PGconn *conn, int size);
#endif
#ifndef LIBPQ_HAS_CLOSE_PREPARED
PGresult *PQclosePrepared(PGconn *conn, const char *name);
PGresult *PQclosePortal(PGconn *conn, const char *name);
int PQsendClosePrepared(PGconn *conn, const char *name);
int PQsendClosePortal(PGconn *conn, const char *name);
#endif
#ifndef LIBPQ_HAS_SEND_PIPELINE_SYNC
int PQsendPipelineSync(PGconn *conn);
#endif

#endif

/* Who a connection is: copied from libpq's accessors, because on a stale pointer any
 * of them crashes. Never the password, never the conninfo.
 */
#ifndef CAPTURE_IDENTITY_H
#define CAPTURE_IDENTITY_H

#include <stdint.h>

#include "capture/libpq.h"
#include "ledger/layout.h"
#include "ledger/writer.h"

/* Texts belong to libpq: valid until the connection is used again. */
struct identity {
	ConnStatusType status;
	enum ledger_transaction transaction;
	const char *host, *port, *database, *user, *application_name; /* NULL unknown */
	int backend_pid, socket, server_version;
	uint64_t socket_inode;
};

/* Context: any thread, no lock of ours held; `conn` is not NULL and not finished. */
void identity_read(const struct libpq *libpq, const PGconn *conn, struct identity *ret);

enum ledger_transaction identity_transaction(const struct libpq *libpq, const PGconn *conn);

/* Copies into a record. Context: the recorder's lock is held. */
void identity_store(const struct identity *identity, struct ledger *ledger,
		    struct ledger_connection *connection);

#endif

/* Who a connection is: copied from libpq's accessors, because on a stale pointer any
 * of them crashes. Never the password, never the conninfo.
 */
#ifndef CAPTURE_IDENTITY_H
#define CAPTURE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/libpq.h"
#include "ledger/layout.h"
#include "ledger/writer.h"

enum identity_text {
	IDENTITY_HOST,
	IDENTITY_PORT,
	IDENTITY_DATABASE,
	IDENTITY_USER,
	IDENTITY_APPLICATION_NAME
};

/* Texts belong to libpq: valid until the connection is used again. */
struct identity {
	ConnStatusType status;
	enum ledger_transaction transaction;
	const char *texts[LEDGER_IDENTITY_TEXTS]; /* enum identity_text; NULL unknown */
	uint32_t ids[LEDGER_IDENTITY_TEXTS];      /* in the ledger, of those that it has */
	bool has_id[LEDGER_IDENTITY_TEXTS];
	int backend_pid, socket, server_version;
	uint64_t socket_inode;
};

/* Context: any thread, no lock of ours held; `conn` is not NULL and not finished. */
void identity_read(const struct libpq *libpq, const PGconn *conn, struct identity *ret);

enum ledger_transaction identity_transaction(const struct libpq *libpq, const PGconn *conn);

/* Looks for the texts in this process's ledger, so that less is done under the lock. Most often
 * they are those of the last connection. Context: any thread, no lock needed. */
void identity_look(struct identity *identity, const struct ledger *ledger);

/* Copies into a record. Context: the recorder's lock is held. */
void identity_store(const struct identity *identity, struct ledger *ledger,
		    struct ledger_connection *connection);

#endif

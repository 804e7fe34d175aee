#include "capture/identity.h"

#include <sys/stat.h>

#include "ledger/records.h"

enum ledger_transaction identity_transaction(const struct libpq *libpq, const PGconn *conn)
{
	PGTransactionStatusType status = libpq->PQtransactionStatus(conn);

	return status <= PQTRANS_UNKNOWN ? (enum ledger_transaction)(status + 1) :
					   LEDGER_TRANSACTION_UNKNOWN;
}

void identity_read(const struct libpq *libpq, const PGconn *conn, struct identity *ret)
{
	struct stat socket;

	*ret = (struct identity){
		.status = libpq->PQstatus(conn),
		.transaction = identity_transaction(libpq, conn),
		.texts = {
			[IDENTITY_HOST] = libpq->PQhost(conn),
			[IDENTITY_PORT] = libpq->PQport(conn),
			[IDENTITY_DATABASE] = libpq->PQdb(conn),
			[IDENTITY_USER] = libpq->PQuser(conn),
		},
		.socket = libpq->PQsocket(conn),
	};
	if (ret->status != CONNECTION_OK)
		return;
	ret->texts[IDENTITY_APPLICATION_NAME] =
		libpq->PQparameterStatus(conn, "application_name");
	ret->backend_pid = libpq->PQbackendPID(conn);
	ret->server_version = libpq->PQserverVersion(conn);
	if (ret->socket >= 0 && !fstat(ret->socket, &socket))
		ret->socket_inode = socket.st_ino;
}

void identity_look(struct identity *identity, const struct ledger *ledger)
{
	for (int i = 0; i < LEDGER_IDENTITY_TEXTS; i++)
		identity->has_id[i] = ledger_is_recent(ledger, identity->texts[i],
						       &ledger->recent_identity[i],
						       &identity->ids[i]);
}

static uint32_t text_id(const struct identity *identity, struct ledger *ledger,
			enum identity_text text)
{
	return identity->has_id[text] ? identity->ids[text] :
					ledger_repeat_string(ledger, identity->texts[text],
							     &ledger->recent_identity[text]);
}

void identity_store(const struct identity *identity, struct ledger *ledger,
		    struct ledger_connection *connection)
{
	connection->transaction = (uint8_t)identity->transaction;
	connection->host = text_id(identity, ledger, IDENTITY_HOST);
	connection->port = text_id(identity, ledger, IDENTITY_PORT);
	connection->database = text_id(identity, ledger, IDENTITY_DATABASE);
	connection->user = text_id(identity, ledger, IDENTITY_USER);
	connection->application_name = text_id(identity, ledger, IDENTITY_APPLICATION_NAME);
	connection->backend_pid = identity->backend_pid;
	connection->socket = identity->socket;
	connection->socket_inode = identity->socket_inode;
	connection->server_version = identity->server_version;
}

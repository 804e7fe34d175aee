#include "capture/identity.h"

#include <string.h>
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
		.host = libpq->PQhost(conn),
		.port = libpq->PQport(conn),
		.database = libpq->PQdb(conn),
		.user = libpq->PQuser(conn),
		.socket = libpq->PQsocket(conn),
	};
	if (ret->status != CONNECTION_OK)
		return;
	ret->application_name = libpq->PQparameterStatus(conn, "application_name");
	ret->backend_pid = libpq->PQbackendPID(conn);
	ret->server_version = libpq->PQserverVersion(conn);
	if (ret->socket >= 0 && !fstat(ret->socket, &socket))
		ret->socket_inode = socket.st_ino;
}

static uint32_t text_store(struct ledger *ledger, const char *text)
{
	return text ? ledger_add_string(ledger, text, strlen(text)) : 0;
}

void identity_store(const struct identity *identity, struct ledger *ledger,
		    struct ledger_connection *connection)
{
	connection->transaction = (uint8_t)identity->transaction;
	connection->host = text_store(ledger, identity->host);
	connection->port = text_store(ledger, identity->port);
	connection->database = text_store(ledger, identity->database);
	connection->user = text_store(ledger, identity->user);
	connection->application_name = text_store(ledger, identity->application_name);
	connection->backend_pid = identity->backend_pid;
	connection->socket = identity->socket;
	connection->socket_inode = identity->socket_inode;
	connection->server_version = identity->server_version;
}

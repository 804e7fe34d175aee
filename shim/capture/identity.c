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

void identity_store(const struct identity *identity, struct ledger *ledger,
		    struct ledger_connection *connection)
{
	uint32_t *recent = ledger->recent_identity;

	connection->transaction = (uint8_t)identity->transaction;
	connection->host = ledger_repeat_string(ledger, identity->host, &recent[0]);
	connection->port = ledger_repeat_string(ledger, identity->port, &recent[1]);
	connection->database = ledger_repeat_string(ledger, identity->database, &recent[2]);
	connection->user = ledger_repeat_string(ledger, identity->user, &recent[3]);
	connection->application_name =
		ledger_repeat_string(ledger, identity->application_name, &recent[4]);
	connection->backend_pid = identity->backend_pid;
	connection->socket = identity->socket;
	connection->socket_inode = identity->socket_inode;
	connection->server_version = identity->server_version;
}

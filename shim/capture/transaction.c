#include "capture/transaction.h"

#include "ledger/writer.h"

bool transaction_is_begun(enum ledger_transaction before, enum ledger_transaction after)
{
	return (before == LEDGER_TRANSACTION_IDLE || before == LEDGER_TRANSACTION_UNKNOWN) &&
	       after >= LEDGER_TRANSACTION_ACTIVE && after <= LEDGER_TRANSACTION_INERROR;
}

static bool is_inside(enum ledger_transaction transaction)
{
	return transaction == LEDGER_TRANSACTION_INTRANS ||
	       transaction == LEDGER_TRANSACTION_INERROR;
}

static void end(const struct connection *connection, struct ledger_connection *record,
		uint64_t now_ns)
{
	uint64_t lasted_ns = now_ns > record->begun_at_ns ? now_ns - record->begun_at_ns : 0;

	/* A query on its own leads to active and back: no transaction of the program's. */
	if (connection->is_in_transaction &&
	    (lasted_ns > record->transaction_max_ns || !record->transaction_max_stack)) {
		record->transaction_max_ns = lasted_ns;
		record->transaction_max_stack = record->begun_stack;
	}
	record->begun_at_ns = 0;
	record->begun_stack = 0;
}

static void write(const struct connection *connection, struct ledger_connection *record,
		  enum ledger_transaction after, struct transaction_cause cause, uint64_t now_ns)
{
	ledger_change_begin(&record->sequence);
	if (transaction_is_begun(connection->transaction, after)) {
		record->begun_at_ns = cause.at_ns;
		record->begun_stack = cause.stack;
	}
	if (is_inside(after) && !connection->is_in_transaction)
		record->transactions++;
	if (after == LEDGER_TRANSACTION_IDLE || after == LEDGER_TRANSACTION_LOST)
		end(connection, record, now_ns);
	record->transaction = (uint8_t)after;
	ledger_change_end(&record->sequence);
}

void transaction_note(struct connection *connection, struct ledger_connection *record,
		      enum ledger_transaction after, struct transaction_cause cause,
		      uint64_t now_ns)
{
	if (record)
		write(connection, record, after, cause, now_ns);
	connection->transaction = (uint8_t)after;
	if (is_inside(after))
		connection->is_in_transaction = true;
	else if (after != LEDGER_TRANSACTION_ACTIVE)
		connection->is_in_transaction = false;
}

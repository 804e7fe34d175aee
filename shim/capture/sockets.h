/* Does each open connection still have its socket? A close() on the descriptor, a daemon's
 * closing of all, and a libpq that is not wrapped end connections that nobody finished here.
 */
#ifndef CAPTURE_SOCKETS_H
#define CAPTURE_SOCKETS_H

#include "ledger/writer.h"

/* Marks those of this process's open connections whose descriptor is not their socket any more,
 * by number and inode, as closed unseen; takes the mark back from those where it is again.
 * One fstat for each. Context: any, signal handlers included; no lock. Keeps errno. */
void sockets_check(struct ledger *ledger);

#endif

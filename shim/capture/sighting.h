/* The second line: connections that no wrapped creator has announced.
 *
 * Every attempt of libpq's to connect passes PQconnectPoll through its PLT, whoever made
 * the connection and how he found the creator. Its end is seen by an event procedure, so
 * also when PQfinish is called past the wrapper.
 *
 * Misses those whose connect fails before any attempt, and those of a libpq that does not
 * call itself through the PLT.
 */
#ifndef CAPTURE_SIGHTING_H
#define CAPTURE_SIGHTING_H

#include "capture/registry.h"
#include "capture/use.h"

/* `use->conn` is about to be polled by `libpq`, and this thread knows of no creator. Returns it
 * when it is on record, now or before, else NULL. Fills `use->libpq`. Context: any thread, no
 * lock of ours held. Allocates in libpq. */
struct connection *sighting_record(struct libpq *libpq, struct use *use);

#endif

/* Names of clients of PostgreSQL that have no libpq: doctor_clients.def. */
#ifndef CLI_DOCTOR_CLIENTS_H
#define CLI_DOCTOR_CLIENTS_H

#include <stddef.h>

/* NULL when it is none that is known. */
const char *client_by_text(const char *bytes, size_t size);
const char *client_by_loaded(const char *path);
const char *client_by_program(const char *name);

#endif

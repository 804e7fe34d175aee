#include "cli/doctor_clients.h"

#include <string.h>

enum where { LOADED, TEXT, PROGRAM };

static const struct client {
	enum where where;
	const char *pattern, *name;
} clients[] = {
#define CLIENT(where, pattern, name) { where, pattern, name },
#include "cli/doctor_clients.def"
#undef CLIENT
};

enum { CLIENT_COUNT = sizeof(clients) / sizeof(clients[0]) };

const char *client_by_text(const char *bytes, size_t size)
{
	for (size_t i = 0; i < CLIENT_COUNT; i++) {
		if (clients[i].where == TEXT &&
		    memmem(bytes, size, clients[i].pattern, strlen(clients[i].pattern)))
			return clients[i].name;
	}
	return NULL;
}

const char *client_by_loaded(const char *path)
{
	for (size_t i = 0; i < CLIENT_COUNT; i++) {
		if (clients[i].where == LOADED && strstr(path, clients[i].pattern))
			return clients[i].name;
	}
	return NULL;
}

const char *client_by_program(const char *name)
{
	for (size_t i = 0; i < CLIENT_COUNT; i++) {
		if (clients[i].where == PROGRAM &&
		    !strncmp(name, clients[i].pattern, strlen(clients[i].pattern)))
			return clients[i].name;
	}
	return NULL;
}

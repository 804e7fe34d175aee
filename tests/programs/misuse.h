/* What misuse.c and inherited.c share: a program is a list of cases, of which its first argument
 * names one; a number after it says how often.
 */
#ifndef MISUSE_H
#define MISUSE_H

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static PGconn *open_one(void)
{
	PGconn *connection = PQconnectdb("");

	if (PQstatus(connection) != CONNECTION_OK) {
		fprintf(stderr, "%s", PQerrorMessage(connection));
		exit(1);
	}
	return connection;
}

static void use(PGconn *connection)
{
	PQclear(PQexec(connection, "select 1"));
}

struct misuse_case {
	const char *name;
	void (*run)(void);
};

#define CASE(name) { #name, name }

static int run_case(const struct misuse_case *cases, size_t count, int argc, char **argv)
{
	int times = argc > 2 ? atoi(argv[2]) : 1;

	for (size_t i = 0; argc > 1 && i < count; i++) {
		if (strcmp(argv[1], cases[i].name))
			continue;
		while (times--)
			cases[i].run();
		puts("done");
		return 0;
	}
	return 2;
}

#endif

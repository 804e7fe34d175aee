/* Texts made for the caller: quoted ones, and passwords. */
#include "fake_libpq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void PQfreemem(void *memory)
{
	free(memory);
}

/* `quote` twice where it is once; returns the length. */
static size_t escape(char *to, const char *from, size_t length, char quote)
{
	char *at = to;

	for (; length && *from; length--, from++) {
		if (*from == quote)
			*at++ = quote;
		*at++ = *from;
	}
	*at = 0;
	return (size_t)(at - to);
}

size_t PQescapeString(char *to, const char *from, size_t length)
{
	return escape(to, from, length, '\'');
}

size_t PQescapeStringConn(PGconn *conn, char *to, const char *from, size_t length, int *error)
{
	CHECK(conn);
	if (error)
		*error = 0;
	return escape(to, from, length, '\'');
}

char *PQescapeIdentifier(PGconn *conn, const char *text, size_t length)
{
	char *quoted = malloc(2 * length + 3);

	CHECK(conn);
	if (!quoted)
		return NULL;
	quoted[0] = '"';
	strcpy(quoted + 1 + escape(quoted + 1, text, length, '"'), "\"");
	return quoted;
}

unsigned char *PQescapeBytea(const unsigned char *from, size_t length, size_t *ret_length)
{
	char *hexadecimal = malloc(2 * length + 3);

	*ret_length = 2 * length + 3;
	if (!hexadecimal)
		return NULL;
	strcpy(hexadecimal, "\\x");
	for (size_t i = 0; i < length; i++)
		sprintf(hexadecimal + 2 + 2 * i, "%02x", from[i]);
	return (unsigned char *)hexadecimal;
}

unsigned char *PQescapeByteaConn(PGconn *conn, const unsigned char *from, size_t length,
				 size_t *ret_length)
{
	CHECK(conn);
	return PQescapeBytea(from, length, ret_length);
}

char *PQencryptPassword(const char *password, const char *user)
{
	return strdup("md5");
}

char *PQencryptPasswordConn(PGconn *conn, const char *password, const char *user,
			    const char *algorithm)
{
	CHECK(conn);
	return strdup("md5");
}

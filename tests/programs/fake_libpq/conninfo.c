/* Connection strings. */
#include "fake_libpq.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define KEYWORD(name) { #name, offsetof(struct fake_conninfo, name) }

static const struct {
	const char *keyword;
	size_t offset;
} keywords[] = {
	KEYWORD(host), KEYWORD(hostaddr), KEYWORD(port), KEYWORD(dbname), KEYWORD(user),
	KEYWORD(password), KEYWORD(options), KEYWORD(application_name), KEYWORD(fake_sqlstate),
	KEYWORD(fake_keep_result), KEYWORD(fake_polls), KEYWORD(fake_socket), KEYWORD(fake_null),
	KEYWORD(fake_cancel),
};

void fake_conninfo_set(struct fake_conninfo *conninfo, const char *keyword, const char *value)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++) {
		char *text = (char *)conninfo + keywords[i].offset;

		if (strcmp(keyword, keywords[i].keyword) != 0)
			continue;
		strncpy(text, value, FAKE_TEXT_MAX - 1);
		text[FAKE_TEXT_MAX - 1] = 0;
	}
}

/* Copies a value, quoted or not, and returns what follows; NULL when a quote is open. */
static const char *read_value(const char *at, char *value)
{
	bool is_quoted = *at == '\'';
	size_t length = 0;

	at += is_quoted;
	for (; *at && *at != (is_quoted ? '\'' : ' '); at++) {
		if (*at == '\\' && at[1])
			at++;
		if (length < FAKE_TEXT_MAX - 1)
			value[length++] = *at;
	}
	value[length] = 0;
	if (is_quoted && !*at)
		return NULL;
	return at + is_quoted;
}

bool fake_conninfo_parse(struct fake_conninfo *conninfo, const char *text)
{
	while (*(text += strspn(text, " \t\n"))) {
		char keyword[FAKE_TEXT_MAX], value[FAKE_TEXT_MAX];
		size_t length = strcspn(text, " =");

		if (text[length] != '=' || !length || length >= sizeof(keyword))
			return false;
		memcpy(keyword, text, length);
		keyword[length] = 0;
		text = read_value(text + length + 1, value);
		if (!text)
			return false;
		fake_conninfo_set(conninfo, keyword, value);
	}
	return true;
}

static PQconninfoOption *options_of(const struct fake_conninfo *conninfo)
{
	size_t count = sizeof(keywords) / sizeof(*keywords);
	PQconninfoOption *options = calloc(count + 1, sizeof(*options));

	for (size_t i = 0; options && i < count; i++) {
		const char *text = (const char *)conninfo + keywords[i].offset;

		options[i].keyword = (char *)keywords[i].keyword;
		options[i].val = *text ? strdup(text) : NULL;
	}
	return options;
}

PQconninfoOption *PQconninfoParse(const char *text, char **error)
{
	struct fake_conninfo conninfo = { 0 };

	if (error)
		*error = NULL;
	if (fake_conninfo_parse(&conninfo, text))
		return options_of(&conninfo);
	if (error)
		*error = strdup("invalid connection string\n");
	return NULL;
}

PQconninfoOption *PQconninfo(PGconn *conn)
{
	CHECK(conn);
	return conn ? options_of(&conn->conninfo) : NULL;
}

void PQconninfoFree(PQconninfoOption *options)
{
	for (size_t i = 0; options && options[i].keyword; i++)
		free(options[i].val);
	free(options);
}

/* A report built by hand that has every verdict, a misuse, a running process and
 * names that fight back: escape sequences and bytes that are no UTF-8.
 */
#ifndef TESTS_RENDER_FIXTURE_H
#define TESTS_RENDER_FIXTURE_H

#include "analyze/report.h"

/* Caller changes what it likes; nothing is freed. */
struct report fixture_report(void);

/* One process, whose only site is ok. */
struct report fixture_clean_report(void);

/* One process that runs and holds 17 connections of one site; of AFTER_ALL, what is over. */
struct report fixture_limit_report(enum reason reason);

/* Renders to a string, caller frees. Fails the test when the renderer does. */
char *fixture_render(const char *format, const struct report *report, bool is_verbose,
		     bool has_color);

/* Fails the test when `part` is not in `text`, or is in it. */
void has(const char *text, const char *part);
void has_not(const char *text, const char *part);

#endif

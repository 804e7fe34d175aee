#include "cli/doctor_render.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "analyze/loaded.h"

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void print_version(FILE *out, int version)
{
	if (version % 10000)
		fprintf(out, " %d.%d", version / 10000, version % 10000);
	else if (version)
		fprintf(out, " %d", version / 10000);
}

static const struct {
	const char *word, *text;
} loaded_texts[] = {
	{ "linked", "linked with the program" },
	{ "local", "opened by dlopen, RTLD_LOCAL" },
	{ "global", "opened by dlopen, RTLD_GLOBAL" },
	{ "deepbound", "RTLD_DEEPBIND, which the shim takes back" },
	{ "dlsym", "its functions found by dlsym" },
};

static const char *loaded_text(const char *word)
{
	for (size_t i = 0; i < sizeof(loaded_texts) / sizeof(loaded_texts[0]); i++) {
		if (!strcmp(loaded_texts[i].word, word))
			return loaded_texts[i].text;
	}
	return word;
}

static void print_loaded(FILE *out, const struct way *way)
{
	const char *words[LOADED_WORDS_MAX];
	size_t count = way->is_flagged ? loaded_words(way->loaded, words) : 0;

	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%s", i ? ", " : "", loaded_text(words[i]));
	if (!count)
		fputs("opened by dlopen", out);
}

static void print_connections(FILE *out, const struct way *way)
{
	fprintf(out, "%" PRIu64 " connection%s", way->missed, plural(way->missed));
	for (size_t i = 0; i < way->address_count; i++)
		fprintf(out, "%s%s", i ? ", " : " to ", way->addresses[i]);
}

static void print_reason(FILE *out, const struct way *way)
{
	if (*way->why)
		fprintf(out, "               %s\n", way->why);
	if (*way->cure)
		fprintf(out, "  cure         %s\n", way->cure);
}

static void print_libpq(FILE *out, const struct finding *finding, const struct way *way)
{
	fputs("  libpq", out);
	print_version(out, way->version);
	fprintf(out, "%s %s, ", way->version ? "" : "       ", way->path);
	print_loaded(out, way);
	if (!way->is_called && finding->has_shim)
		fputs(": would be covered, but opened nothing\n", out);
	else if (!way->is_called)
		fputs(": opened nothing\n", out);
	else
		fputs(way->missed ? "\n" : ": covered\n", out);
}

static void print_way(FILE *out, const struct finding *finding, const struct way *way)
{
	if (way->kind == WAY_LIBPQ)
		print_libpq(out, finding, way);
	if (way->kind == WAY_STATIC)
		fprintf(out, "  libpq inside of %s%s\n", way->path,
			way->is_called ? "" : ": opened nothing, and would not be covered");
	if (way->missed) {
		fputs("  NOT COVERED  ", out);
		print_connections(out, way);
		if (way->kind == WAY_OTHER)
			fprintf(out, " by %s", way->client);
		fputc('\n', out);
	}
	if (way->missed || way->kind == WAY_STATIC || !finding->has_shim)
		print_reason(out, way);
}

static void print_finding(FILE *out, const struct finding *finding)
{
	uint64_t all = finding->recorded + finding->missed;

	fprintf(out, "pqleak: %s (pid %d): ", finding->command, (int)finding->pid);
	if (all)
		fprintf(out, "%" PRIu64 " connection%s, %" PRIu64 " recorded\n", all, plural(all),
			finding->recorded);
	else
		fputs("no connection\n", out);
	for (size_t i = 0; i < finding->way_count; i++)
		print_way(out, finding, &finding->ways[i]);
	fputc('\n', out);
}

static void print_limits(FILE *out, const struct findings *findings)
{
	if (findings->unwatched)
		fprintf(out, "pqleak: connections that pqleak does not record could not be watched "
			     "for: %s\n", findings->unwatched);
	if (findings->unread)
		fprintf(out, "pqleak: %zu call%s could not be looked at, the first of pid %d: "
			     "Operation not permitted\n", findings->unread,
			plural(findings->unread), (int)findings->unread_pid);
	if (!findings->is_over)
		fputs("pqleak: processes still run: what they do from now on is not told\n", out);
}

static void print_verdict(FILE *out, const struct findings *findings)
{
	uint64_t all = findings->recorded + findings->missed;

	if (!all) {
		fprintf(out, "pqleak: no connection to PostgreSQL was %s: nothing to cover\n",
			findings->unwatched ? "recorded" : "opened");
	} else if (findings->unwatched && !findings->missed) {
		fprintf(out, "pqleak recorded %" PRIu64 " connection%s; whether there were others "
			     "is not known\n", findings->recorded, plural(findings->recorded));
	} else {
		fprintf(out, "pqleak covers %" PRIu64 " of %" PRIu64 " connection%s",
			findings->recorded, all, plural(all));
		if (findings->missed)
			fprintf(out, ": %" PRIu64 " %s not recorded", findings->missed,
				findings->missed == 1 ? "is" : "are");
		fputc('\n', out);
	}
}

int doctor_render_text(FILE *out, const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		print_finding(out, &findings->items[i]);
	print_limits(out, findings);
	print_verdict(out, findings);
	return fflush(out) ? -errno : 0;
}

/* Asks the symbolizer: one question a line on stdin, "OFFSET<tab>BUILD-ID<tab>PATH" with
 * OFFSET in hexadecimal and BUILD-ID "-" when unknown. Answers each with a line
 * "= COUNT<tab>PROBLEM" and COUNT lines "FUNCTION<tab>FILE<tab>LINE<tab>INLINED". The cost
 * goes to stderr at the end. Argument: the directories of debug files.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "symbolize/hexadecimal.h"
#include "symbolize/symbolizer.h"

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static size_t read_build_id(const char *text, uint8_t *bytes, size_t max)
{
	size_t length = 0;

	for (; length < max && hexadecimal_digit(text[0]) >= 0 && hexadecimal_digit(text[1]) >= 0;
	     text += 2)
		bytes[length++] = (uint8_t)(hexadecimal_digit(text[0]) << 4 |
					    hexadecimal_digit(text[1]));
	return length;
}

static const char *or_unknown(const char *text)
{
	return text ? text : "??";
}

static void answer(struct symbolizer *symbolizer, const struct symbolizer_module *module,
		   uint64_t offset)
{
	struct symbolizer_location found[SYMBOLIZER_INLINE_MAX];
	size_t count = symbolizer_find(symbolizer, module, offset, found);
	const char *problem = symbolizer_problem(symbolizer, module);

	printf("= %zu\t%s\n", count, problem ? problem : "");
	for (size_t i = 0; i < count; i++)
		printf("%s\t%s\t%" PRIu32 "\t%d\n", or_unknown(found[i].function),
		       or_unknown(found[i].file), found[i].line, found[i].is_inlined);
}

int main(int argc, char **argv)
{
	const struct symbolizer_options options = { .debug_path = argc > 1 ? argv[1] : NULL };
	struct symbolizer *symbolizer = symbolizer_new(&options);
	char *line = NULL;
	size_t capacity = 0, questions = 0;
	ssize_t length;
	double start = now();
	struct rusage usage;

	while ((length = getline(&line, &capacity, stdin)) > 0) {
		const char *at = line;
		uint8_t build_id[64];
		struct symbolizer_module module = { .build_id = build_id };
		uint64_t offset;

		line[length - 1] = 0;
		if (!hexadecimal_read(&at, &offset))
			return 2;
		module.build_id_length = read_build_id(at + 1, build_id, sizeof(build_id));
		module.path = strchr(at + 1, '\t') + 1;
		answer(symbolizer, &module, offset);
		questions++;
	}
	getrusage(RUSAGE_SELF, &usage);
	fprintf(stderr, "%zu questions, %.3f s, %ld MB\n", questions, now() - start,
		usage.ru_maxrss / 1024);
	free(line);
	symbolizer_free(symbolizer);
	return 0;
}

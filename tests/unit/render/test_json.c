/* Exercises the JSON report by reading it back; render_fixture and validate.py
 * hold it against the schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "fixture.h"

static json_t *read_back(const struct report *report)
{
	char *text = fixture_render("json", report, false, true);
	json_error_t error;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!root)
		fail_msg("%s at %d:%d in:\n%s", error.text, error.line, error.column, text);
	free(text);
	return root;
}

static const json_t *at(const json_t *array, size_t index, const char *key)
{
	return json_object_get(json_array_get(array, index), key);
}

static void the_contract_s_names_are_there(void **state)
{
	struct report report = fixture_report();
	json_t *root = read_back(&report);
	const json_t *sites = json_object_get(root, "sites");
	const json_t *connections = at(sites, 0, "connections");
	const json_t *closes = at(sites, 0, "close_stacks");
	const json_t *process = json_object_get(root, "processes");

	(void)state;
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "pqleak-report/1");
	assert_int_equal(json_integer_value(json_object_get(root, "exit_status")), 23);
	assert_int_equal(json_array_size(process), 2);
	assert_int_equal(json_integer_value(at(process, 0, "lost_records")), 12);
	assert_int_equal(json_array_size(sites), 7);
	assert_string_equal(json_string_value(at(sites, 0, "verdict")), "leak");
	assert_int_equal(json_integer_value(json_object_get(at(sites, 0, "endings"), "collected")),
			 14);
	assert_int_equal(json_array_size(at(sites, 0, "opened_stack")), 6);
	assert_int_equal(json_array_size(connections), 2);
	assert_string_equal(json_string_value(at(connections, 1, "ending")), "shutdown");
	assert_int_equal(json_array_size(json_object_get(at(connections, 0, "last_use"), "stack")),
			 6);
	assert_true(json_is_null(at(connections, 0, "transaction_begun")));
	assert_int_equal(json_array_size(closes), 3);
	assert_string_equal(json_string_value(at(closes, 0, "how")), "cyclic collector");
	assert_string_equal(json_string_value(at(closes, 1, "how")), "last reference");
	assert_true(json_is_null(at(at(sites, 1, "connections"), 0, "ended_at")));
	json_decref(root);
}

static void a_byte_that_is_no_utf8_becomes_the_replacement_character(void **state)
{
	struct report report = fixture_report();
	json_t *root = read_back(&report);
	const json_t *site = json_array_get(json_object_get(root, "sites"), 3);
	const json_t *line = json_object_get(site, "user_line");

	(void)state;
	assert_string_equal(json_string_value(json_object_get(line, "file")),
			    "caf\xef\xbf\xbd.py");
	assert_string_equal(json_string_value(at(json_object_get(site, "connections"), 0,
						 "application_name")), "\033[2J\xef\xbf\xbd");
	json_decref(root);
}

static void a_number_beyond_json_s_is_its_biggest(void **state)
{
	struct report report = fixture_report();
	struct report_process process = report.processes[0];
	json_t *root;

	(void)state;
	process.opened = UINT64_MAX;
	report.processes = &process;
	report.process_count = 1;
	root = read_back(&report);
	assert_true(json_integer_value(at(json_object_get(root, "processes"), 0, "opened")) ==
		    INT64_MAX);
	json_decref(root);
}

static void an_empty_report_is_whole(void **state)
{
	struct report report = { .reason_detail = "" };
	json_t *root = read_back(&report);

	(void)state;
	assert_int_equal(json_array_size(json_object_get(root, "processes")), 0);
	assert_int_equal(json_array_size(json_object_get(root, "sites")), 0);
	assert_true(json_is_array(json_object_get(root, "misuse")));
	assert_true(json_is_array(json_object_get(root, "results")));
	json_decref(root);
}

static void misuse_has_its_stacks_by_name(void **state)
{
	struct report report = fixture_report();
	json_t *root = read_back(&report);
	const json_t *misuse = json_array_get(json_object_get(root, "misuse"), 0);
	const json_t *stacks = json_object_get(misuse, "stacks");

	(void)state;
	assert_string_equal(json_string_value(json_object_get(misuse, "kind")),
			    "inherited finish");
	assert_int_equal(json_array_size(json_object_get(stacks, "opened")), 6);
	assert_int_equal(json_array_size(json_object_get(stacks, "misused")), 3);
	json_decref(root);
}

static void a_result_has_its_counts(void **state)
{
	static const struct {
		const char *name;
		json_int_t value;
	} numbers[] = { { "made", 1000 }, { "freed", 788 }, { "open", 212 }, { "peak", 214 },
			{ "pid", 4127 }, { "last_at", 1790000001000000000 } };
	struct report report = fixture_report();
	json_t *root = read_back(&report);
	const json_t *result = json_array_get(json_object_get(root, "results"), 0);

	(void)state;
	assert_int_equal(json_array_size(json_object_get(root, "results")), 3);
	assert_string_equal(json_string_value(json_object_get(result, "kind")), "PGresult");
	assert_string_equal(json_string_value(json_object_get(result, "verdict")), "leak");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_int_equal(json_integer_value(json_object_get(result, numbers[i].name)),
				 numbers[i].value);
	assert_int_equal(json_array_size(json_object_get(result, "stack")), 3);
	json_decref(root);
}

/* Sites with so many connections, of which the program closed every fourth. */
enum { CROWDED_SITES = 3 };
static const size_t crowd[CROWDED_SITES] = { 9000, 300, 40000 };

static size_t listed(const json_t *site, const char *ending)
{
	const json_t *connections = json_object_get(site, "connections"), *connection;
	size_t i, count = 0;
	int before = -1;

	json_array_foreach (connections, i, connection) {
		int pid = (int)json_integer_value(json_object_get(connection, "backend_pid"));
		const json_t *its = json_object_get(connection, "ending");

		assert_true(pid > before); /* in their order */
		before = pid;
		count += !strcmp(json_string_value(its), ending);
	}
	return count;
}

static void a_crowd_is_listed_in_part_and_the_rest_counted(void **state)
{
	/* 4850 of each of the big ones: with all of the small one 10,000. */
	static const size_t rows[CROWDED_SITES][3] = { /* open, closed, unlisted */
		{ 4850, 0, 4150 }, { 225, 75, 0 }, { 4850, 0, 35150 },
	};
	struct report report = fixture_report();
	struct report_site sites[CROWDED_SITES];
	struct report_connection *connections = calloc(40000, sizeof(*connections));
	json_t *root;
	char *text;

	(void)state;
	for (size_t i = 0; i < 40000; i++) {
		connections[i] = report.sites[0].connections[0];
		connections[i].backend_pid = (int)i;
		connections[i].ending = i % 4 ? ENDING_OPEN : ENDING_CLOSED;
	}
	for (size_t i = 0; i < CROWDED_SITES; i++) {
		sites[i] = report.sites[0];
		sites[i].connections = connections;
		sites[i].connection_count = crowd[i];
	}
	report.sites = sites;
	report.site_count = CROWDED_SITES;
	root = read_back(&report);
	for (size_t i = 0; i < CROWDED_SITES; i++) {
		const json_t *site = json_array_get(json_object_get(root, "sites"), i);

		assert_int_equal(listed(site, "open"), rows[i][0]);
		assert_int_equal(listed(site, "closed"), rows[i][1]);
		assert_int_equal(json_integer_value(json_object_get(site, "connections_unlisted")),
				 rows[i][2]);
	}
	json_decref(root);
	text = fixture_render("text", &report, true, false);
	has(text, "(8900 more: the JSON report lists 4850)");
	has(text, "(200 more: the JSON report has them)");
	free(text);
	free(connections);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_contract_s_names_are_there),
		cmocka_unit_test(a_byte_that_is_no_utf8_becomes_the_replacement_character),
		cmocka_unit_test(a_number_beyond_json_s_is_its_biggest),
		cmocka_unit_test(an_empty_report_is_whole),
		cmocka_unit_test(misuse_has_its_stacks_by_name),
		cmocka_unit_test(a_result_has_its_counts),
		cmocka_unit_test(a_crowd_is_listed_in_part_and_the_rest_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

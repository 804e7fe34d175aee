/* The contract pqleak-report/1, written as it goes: one object a line, so that a
 * report of many thousand connections never stands in memory as a whole.
 */
#include "analyze/languages.h"
#include "render/emitter.h"
#include "render/json_connection.h"
#include "render/json_history.h"
#include "render/json_limits.h"
#include "render/json_pool.h"
#include "render/json_result.h"
#include "render/json_stack.h"
#include "render/listed.h"
#include "render/renderer.h"

static json_t *process_value(struct emitter *emitter, const struct report_process *process)
{
	json_t *object = json_object(), *libpqs = json_array(), *native_only = json_array();

	for (size_t i = 0; i < process->libpq_count; i++) {
		json_t *libpq = json_object(), *loaded = json_array();

		emitter_add_text(emitter, libpq, "path", process->libpq[i].path);
		emitter_add_signed(emitter, libpq, "version", process->libpq[i].version);
		for (size_t j = 0; j < process->libpq[i].loaded_count; j++)
			emitter_append(emitter, loaded,
				       json_string(process->libpq[i].loaded[j]));
		emitter_add(emitter, libpq, "loaded", loaded);
		emitter_append(emitter, libpqs, libpq);
	}
	for (size_t i = 0; i < process->native_only_count; i++)
		emitter_append(emitter, native_only,
			       json_string(language_name(process->native_only[i])));
	emitter_add_signed(emitter, object, "pid", process->pid);
	emitter_add_signed(emitter, object, "parent_pid", process->parent_pid);
	emitter_add_text(emitter, object, "command", process->command);
	emitter_add_text(emitter, object, "ended", process->ended);
	emitter_add_moment(emitter, object, "started_at", process->started_at_ns);
	emitter_add_moment(emitter, object, "ended_at", process->ended_at_ns);
	emitter_add(emitter, object, "libpq", libpqs);
	emitter_add(emitter, object, "native_only", native_only);
	emitter_add_number(emitter, object, "opened", process->opened);
	emitter_add_number(emitter, object, "closed", process->closed);
	emitter_add_number(emitter, object, "collected", process->collected);
	emitter_add_number(emitter, object, "shutdown", process->shutdown);
	emitter_add_number(emitter, object, "open", process->open);
	emitter_add_number(emitter, object, "abandoned", process->abandoned);
	emitter_add_number(emitter, object, "closed_unseen", process->closed_unseen);
	emitter_add_number(emitter, object, "failed", process->failed);
	emitter_add_number(emitter, object, "peak_open", process->peak_open);
	emitter_add_number(emitter, object, "lost_records", process->lost_records);
	emitter_add_number(emitter, object, "torn_records", process->torn_records);
	return object;
}

static json_t *close_value(struct emitter *emitter, const struct report_close *close)
{
	json_t *object = json_object();

	emitter_add_text(emitter, object, "ending", ending_name(close->ending));
	emitter_add_text(emitter, object, "how", how_name(close->how));
	emitter_add_number(emitter, object, "count", close->count);
	return object;
}

static json_t *site_value(struct emitter *emitter, const struct report_site *site)
{
	json_t *object = json_object(), *endings = json_object();

	for (int i = 0; i < ENDING_COUNT; i++)
		emitter_add_number(emitter, endings, ending_name((enum ending)i), site->endings[i]);
	emitter_add_text(emitter, object, "verdict", verdict_name(site->verdict));
	emitter_add_text(emitter, object, "diagnosis", site->diagnosis);
	emitter_add_text(emitter, object, "cure", site->cure);
	emitter_add_text(emitter, object, "fingerprint", site->fingerprint);
	emitter_add_flag(emitter, object, "is_suppressed", site->is_suppressed);
	emitter_add_text(emitter, object, "target", site->target);
	emitter_add(emitter, object, "user_line",
		    json_user_line(emitter, &site->user_line, site->user_source));
	emitter_add_flag(emitter, object, "is_truncated", site->opened_stack.is_truncated);
	emitter_add_number(emitter, object, "count", site->count);
	emitter_add_number(emitter, object, "peak_open", site->peak_open);
	emitter_add_number(emitter, object, "opened", site->count);
	emitter_add_number(emitter, object, "open", site->open);
	emitter_add_text(emitter, object, "trend", trend_name(site->trend));
	emitter_add(emitter, object, "history", json_history(emitter, site));
	emitter_add(emitter, object, "lifetimes", json_lifetimes(emitter, site));
	emitter_add_number(emitter, object, "pools", site->pools);
	emitter_add_text(emitter, object, "pool_library", site->pool_library);
	emitter_add_text(emitter, object, "pool_type", site->pool_type);
	emitter_add(emitter, object, "endings", endings);
	emitter_add_number(emitter, object, "open_now", site->open_now);
	emitter_add_number(emitter, object, "overdue_age", site->overdue_age);
	emitter_add_number(emitter, object, "overdue_transaction", site->overdue_transaction);
	emitter_add_number(emitter, object, "in_transaction", site->in_transaction);
	emitter_add_number(emitter, object, "idle_min_ns", site->idle_min_ns);
	emitter_add_number(emitter, object, "idle_max_ns", site->idle_max_ns);
	return object;
}

static void misuse_dump(struct emitter *emitter, const struct report_misuse *misuse)
{
	json_t *object = json_object(), *stacks = json_object();

	for (size_t i = 0; i < misuse->stack_count; i++)
		emitter_add(emitter, stacks, misuse->stack_name[i],
			    json_stack(emitter, &misuse->stack[i]));
	emitter_add_text(emitter, object, "kind", misuse->kind);
	emitter_add_number(emitter, object, "count", misuse->count);
	emitter_add_signed(emitter, object, "thread", misuse->thread);
	emitter_add_signed(emitter, object, "other_thread", misuse->other_thread);
	emitter_add_text(emitter, object, "diagnosis", misuse->diagnosis);
	emitter_add_text(emitter, object, "cure", misuse->cure);
	emitter_add(emitter, object, "stacks", stacks);
	emitter_put(emitter, "{");
	emitter_dump(emitter, object, JSON_EMBED);
	emitter_put(emitter, ",\"connection\":");
	json_connection_dump(emitter, &misuse->connection);
	emitter_put(emitter, "}");
}

static void close_dump(struct emitter *emitter, const struct report_close *close)
{
	emitter_put(emitter, "{");
	emitter_dump(emitter, close_value(emitter, close), JSON_EMBED);
	json_stack_dump(emitter, "stack", &close->stack);
	emitter_put(emitter, "}");
}

static void site_dump(struct emitter *emitter, const struct report_site *site, size_t listed_max)
{
	emitter_put(emitter, "{");
	emitter_dump(emitter, site_value(emitter, site), JSON_EMBED);
	json_stack_dump(emitter, "opened_stack", &site->opened_stack);
	json_connections_dump(emitter, site, listed_max);
	emitter_put(emitter, ",\"close_stacks\":[");
	for (size_t i = 0; i < site->close_count; i++) {
		emitter_put(emitter, i ? ",\n" : "\n");
		close_dump(emitter, &site->closes[i]);
	}
	emitter_put(emitter, "]}");
}

static json_t *head_value(struct emitter *emitter, const struct report *report)
{
	json_t *object = json_object();

	emitter_add_text(emitter, object, "schema", "pqleak-report/1");
	emitter_add_text(emitter, object, "reason", reason_word(report->reason));
	emitter_add_text(emitter, object, "reason_detail", report->reason_detail);
	emitter_add_number(emitter, object, "open_now", report->open_now);
	emitter_add(emitter, object, "refused_stack", json_stack(emitter, &report->refused));
	emitter_add(emitter, object, "after_all", json_after_all(emitter, report));
	emitter_add_signed(emitter, object, "exit_status", report->exit_status);
	emitter_add_flag(emitter, object, "is_failing", report->is_failing);
	emitter_add_number(emitter, object, "suppressed_sites", report->suppressed);
	emitter_add_number(emitter, object, "damaged_records", report->damaged);
	return object;
}

static int json_render(FILE *out, const struct report *report,
		       const struct render_options *options)
{
	struct emitter emitter = { .out = out };
	size_t listed_max = listed_max_of(report);

	(void)options; /* a program reads it: everything, always, without colour */
	emitter_put(&emitter, "{");
	emitter_dump(&emitter, head_value(&emitter, report), JSON_EMBED);
	emitter_put(&emitter, ",\n\"processes\":[");
	for (size_t i = 0; i < report->process_count; i++) {
		emitter_put(&emitter, i ? ",\n" : "\n");
		emitter_dump(&emitter, process_value(&emitter, &report->processes[i]), 0);
	}
	emitter_put(&emitter, "],\n\"sites\":[");
	for (size_t i = 0; i < report->site_count; i++) {
		emitter_put(&emitter, i ? ",\n" : "\n");
		site_dump(&emitter, &report->sites[i], listed_max);
	}
	emitter_put(&emitter, "],\n\"pools\":[");
	for (size_t i = 0; i < report->pool_count; i++) {
		emitter_put(&emitter, i ? ",\n" : "\n");
		emitter_dump(&emitter, json_pool(&emitter, &report->pools[i]), 0);
	}
	emitter_put(&emitter, "],\n\"misuse\":[");
	for (size_t i = 0; i < report->misuse_count; i++) {
		emitter_put(&emitter, i ? ",\n" : "\n");
		misuse_dump(&emitter, &report->misuse[i]);
	}
	emitter_put(&emitter, "],\n\"results\":[");
	for (size_t i = 0; i < report->result_count; i++) {
		emitter_put(&emitter, i ? ",\n" : "\n");
		emitter_dump(&emitter, json_result(&emitter, &report->results[i]), 0);
	}
	emitter_put(&emitter, "]}\n");
	return emitter_finish(&emitter);
}

const struct renderer renderer_json = { "json", json_render };

#include "cli/doctor_findings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor_ways.h"

struct maker {
	struct findings *findings;
	const struct ledgers *ledgers;
	const struct options *options;
	const char *directory;
};

static bool is_of(const struct reader *reader, const struct patient *patient)
{
	const struct ledger_header *header = reader_header(reader);

	return header->pid == patient->pid && header->process_start_ticks == patient->start_ticks &&
	       !strcmp(reader_string(reader, header->executable), patient->executable);
}

static bool reader_has_socket(const struct reader *reader, uint64_t inode)
{
	size_t count = reader_count(reader, LEDGER_CONNECTIONS);

	for (size_t id = 1; id <= count; id++) {
		if (reader_connection(reader, (uint32_t)id)->socket_inode == inode)
			return true;
	}
	return false;
}

/* By itself, where `pqleak` could not have its ledger. */
static bool has_reported(const struct maker *maker, pid_t pid)
{
	static const char *const marks[] = { "reported", "failed" };
	char path[PATH_MAX + 32];

	for (size_t i = 0; *maker->directory && i < sizeof(marks) / sizeof(marks[0]); i++) {
		snprintf(path, sizeof(path), "%s/%d.%s", maker->directory, (int)pid, marks[i]);
		if (!access(path, F_OK))
			return true;
	}
	return false;
}

static struct finding *finding_add(struct findings *findings)
{
	struct finding *more = reallocarray(findings->items, findings->count + 1, sizeof(*more));

	if (!more)
		return NULL;
	findings->items = more;
	more[findings->count] = (struct finding){ 0 };
	return &more[findings->count++];
}

/* What a socket tells: one that the ledger names is its connection's; of another one, that
 * of an attempt that failed or of a connection that was reset, the call is the proof. */
static void tell_recorded(const struct maker *maker, const struct patient *patient,
			  bool has_ledger, bool *ret_recorded)
{
	for (size_t i = 0; i < patient->speech_count; i++) {
		const struct speech *speech = &patient->speeches[i];

		ret_recorded[i] = has_ledger && speech->is_through_shim;
		for (size_t j = 0; !ret_recorded[i] && j < maker->ledgers->count; j++)
			ret_recorded[i] = reader_has_socket(maker->ledgers->readers[j],
							    speech->inode);
	}
}

static int finding_fill(struct maker *maker, struct finding *finding,
			const struct patient *patient)
{
	bool *is_recorded = calloc(patient->speech_count + 1, sizeof(*is_recorded));
	bool is_reported = has_reported(maker, patient->pid);
	int error = is_recorded ? 0 : -ENOMEM;

	finding->pid = patient->pid;
	finding->parent_pid = patient->parent_pid;
	finding->command = patient->command ? patient->command : path_name(patient->executable);
	finding->executable = patient->executable;
	finding->has_shim = patient->has_shim;
	finding->is_looked_at = true;
	for (size_t i = 0; i < maker->ledgers->count; i++) {
		const struct reader *reader = maker->ledgers->readers[i];

		if (!is_of(reader, patient))
			continue;
		finding->has_ledger = true;
		finding->command = reader_string(reader, reader_header(reader)->command);
		finding->recorded += reader_header(reader)->opened;
	}
	finding->has_ledger |= is_reported;
	if (!error) {
		tell_recorded(maker, patient, finding->has_ledger, is_recorded);
		error = ways_of_patient(finding, patient, maker->options, finding->has_ledger,
					is_recorded);
	}
	for (size_t i = 0; !error && is_reported && i < patient->speech_count; i++)
		finding->recorded += is_recorded[i] &&
				     speech_is_session(patient, &patient->speeches[i]);
	for (size_t i = 0; i < finding->way_count; i++)
		finding->missed += finding->ways[i].missed;
	for (size_t i = 0; !error && i < maker->ledgers->count; i++) {
		if (is_of(maker->ledgers->readers[i], patient))
			error = ways_of_ledger(finding, maker->ledgers->readers[i]);
	}
	free(is_recorded);
	return error;
}

/* The way that `other` has, too. */
static bool has_way(const struct finding *other, const struct way *way)
{
	for (size_t i = 0; i < other->way_count; i++) {
		if (other->ways[i].kind == way->kind && !strcmp(other->ways[i].path, way->path))
			return true;
	}
	return false;
}

static bool is_told(const struct findings *findings, const struct finding *finding)
{
	if (finding->recorded || finding->missed)
		return false;
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *other = &findings->items[i];
		size_t same = 0;

		if (other == finding || strcmp(other->executable, finding->executable))
			continue;
		while (same < finding->way_count && has_way(other, &finding->ways[same]))
			same++;
		if (same == finding->way_count)
			return true;
	}
	return finding->way_count == 0;
}

static void finding_remove(struct findings *findings, size_t index)
{
	free(findings->items[index].ways);
	memmove(&findings->items[index], &findings->items[index + 1],
		(--findings->count - index) * sizeof(findings->items[0]));
}

static bool has_patient(const struct patients *patients, const struct reader *reader)
{
	for (size_t i = 0; i < patients->count; i++) {
		if (is_of(reader, patients->items[i]))
			return true;
	}
	return false;
}

static int finding_of_reader(struct findings *findings, const struct reader *reader)
{
	const struct ledger_header *header = reader_header(reader);
	struct finding *finding = finding_add(findings);

	if (!finding)
		return -ENOMEM;
	finding->pid = header->pid;
	finding->parent_pid = header->parent_pid;
	finding->command = reader_string(reader, header->command);
	finding->executable = reader_string(reader, header->executable);
	finding->has_shim = finding->has_ledger = true;
	finding->recorded = header->opened;
	return ways_of_ledger(finding, reader);
}

int findings_make(struct findings *findings, const struct patients *patients,
		  const struct ledgers *ledgers, const struct options *options,
		  const char *directory)
{
	struct maker maker = { findings, ledgers, options, directory };
	int error = 0;

	for (size_t i = 0; !error && i < patients->count; i++) {
		struct finding *finding = finding_add(findings);

		error = finding ? finding_fill(&maker, finding, patients->items[i]) : -ENOMEM;
	}
	for (size_t i = 0; !error && i < ledgers->count; i++) {
		if (!has_patient(patients, ledgers->readers[i]))
			error = finding_of_reader(findings, ledgers->readers[i]);
	}
	for (size_t i = findings->count; !error && i--;) {
		if (is_told(findings, &findings->items[i]))
			finding_remove(findings, i);
	}
	for (size_t i = 0; i < findings->count; i++) {
		findings->recorded += findings->items[i].recorded;
		findings->missed += findings->items[i].missed;
	}
	return error;
}

void findings_finish(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		free(findings->items[i].ways);
	free(findings->items);
	*findings = (struct findings){ 0 };
}

#include "cli/doctor_patients.h"

#include <stdlib.h>
#include <string.h>

#include "cli/doctor_proc.h"

static void patient_free(struct patient *patient)
{
	free(patient->executable);
	free(patient->command);
	free(patient->objects);
	free(patient->speeches);
	free(patient);
}

static struct object *patient_add(struct patients *patients, struct patient *patient,
				  const char *path)
{
	struct object *object = objects_find(&patients->objects, patient->pid, path);
	struct object **more = reallocarray(patient->objects, patient->object_count + 1,
					    sizeof(struct object *));

	if (more)
		patient->objects = more;
	if (!object || !more)
		return NULL;
	return patient->objects[patient->object_count++] = object;
}

static void patient_read_environment(const struct patients *patients, struct patient *patient)
{
	char *preload = proc_variable(patient->pid, "LD_PRELOAD=");
	char *directory = proc_variable(patient->pid, "PQLEAK_DIR=");

	patient->is_asked = preload && strstr(preload, patients->shim);
	patient->is_directed = directory && !strcmp(directory, patients->directory);
	free(preload);
	free(directory);
}

/* Takes `executable`. */
static struct patient *patient_new(struct patients *patients, pid_t pid, uint64_t start_ticks,
				   char *executable)
{
	struct patient *patient = calloc(1, sizeof(*patient));

	if (!patient) {
		free(executable);
		return NULL;
	}
	patient->pid = pid;
	patient->parent_pid = proc_parent(pid);
	patient->start_ticks = start_ticks;
	patient->executable = executable;
	patient->command = proc_command(pid, executable);
	patient->is_secure = proc_is_secure(pid);
	patient_read_environment(patients, patient);
	patient->program = patient_add(patients, patient, executable);
	return patient;
}

struct patient *patients_find(struct patients *patients, pid_t pid)
{
	char *executable = proc_executable(pid);
	uint64_t start_ticks = proc_start_ticks(pid);
	struct patient **more, *patient;

	if (!executable)
		return NULL;
	/* The latest first: an exec changes the program and nothing else. */
	for (size_t i = patients->count; i--;) {
		patient = patients->items[i];
		if (patient->pid == pid && patient->start_ticks == start_ticks &&
		    !strcmp(patient->executable, executable)) {
			free(executable);
			return patient;
		}
	}
	patient = patient_new(patients, pid, start_ticks, executable);
	more = reallocarray(patients->items, patients->count + 1, sizeof(struct patient *));
	if (more)
		patients->items = more;
	if (!patient || !more) {
		if (patient)
			patient_free(patient);
		return NULL;
	}
	return patients->items[patients->count++] = patient;
}

struct speech *patient_speech(struct patient *patient, uint64_t inode)
{
	struct speech *more;

	for (size_t i = 0; i < patient->speech_count; i++) {
		if (patient->speeches[i].inode == inode)
			return &patient->speeches[i];
	}
	more = reallocarray(patient->speeches, patient->speech_count + 1, sizeof(*more));
	if (!more)
		return NULL;
	patient->speeches = more;
	more[patient->speech_count] = (struct speech){ .inode = inode };
	return &more[patient->speech_count++];
}

struct object *patient_object(const struct patient *patient, const char *path)
{
	for (size_t i = 0; path && i < patient->object_count; i++) {
		if (!strcmp(patient->objects[i]->path, path))
			return patient->objects[i];
	}
	return NULL;
}

void patient_add_objects(struct patients *patients, struct patient *patient,
			 const struct maps *maps)
{
	for (size_t i = 0; i < maps->count; i++) {
		const char *path = maps->mappings[i].path;

		if (*path != '/')
			continue;
		if (!strcmp(path, patients->shim))
			patient->has_shim = true;
		else if (!patient_object(patient, path))
			patient_add(patients, patient, path);
	}
	if (patient->program)
		object_search(patient->program, patient->pid);
}

void patients_finish(struct patients *patients)
{
	for (size_t i = 0; i < patients->count; i++)
		patient_free(patients->items[i]);
	free(patients->items);
	objects_finish(&patients->objects);
	*patients = (struct patients){ 0 };
}

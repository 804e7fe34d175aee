/* The processes that the doctor looked into while they ran, and what it saw there: what
 * they had loaded, and each connection to PostgreSQL that they began.
 */
#ifndef CLI_DOCTOR_PATIENTS_H
#define CLI_DOCTOR_PATIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cli/doctor_maps.h"
#include "cli/doctor_object.h"
#include "cli/doctor_packet.h"

enum { ADDRESS_MAX = 128 };

/* One socket on which a session was begun, or asked to be cancelled. */
struct speech {
	uint64_t inode;        /* of the socket */
	enum packet packet;    /* the last one */
	bool is_through_shim;  /* one of the shim's functions had called the one that spoke */
	struct object *by;     /* the code that spoke; NULL unknown */
	char address[ADDRESS_MAX]; /* "127.0.0.1:5432", a path; "" unknown */
};

struct patient {
	pid_t pid, parent_pid;
	uint64_t start_ticks;     /* with the pid: this process and no other */
	char *executable;         /* path */
	char *command;            /* program and script */
	bool is_secure;           /* privileges: the loader heeds no LD_PRELOAD */
	bool is_asked;            /* its environment asks for the shim */
	bool is_directed;         /* and for the ledger in this run's directory */
	bool has_shim;
	struct object *program;   /* the executable; NULL unknown */
	struct object **objects;  /* all that was loaded at some look, the program first */
	size_t object_count;
	struct speech *speeches;
	size_t speech_count;
};

struct patients {
	const char *shim;         /* its path */
	const char *directory;    /* for ledgers */
	struct patient **items;   /* in the order of their first looks */
	size_t count;
	struct objects objects;
};

/* The process with that pid and its present program, added when it is new. NULL when it
 * is gone, or out of memory. */
struct patient *patients_find(struct patients *patients, pid_t pid);

/* The speech on that socket, added when it is new. NULL when out of memory. */
struct speech *patient_speech(struct patient *patient, uint64_t inode);

/* Adds what `maps` has and was not seen there before. */
void patient_add_objects(struct patients *patients, struct patient *patient,
			 const struct maps *maps);

/* The object of `path`, which may be NULL. */
struct object *patient_object(const struct patient *patient, const char *path);

void patients_finish(struct patients *patients);

#endif

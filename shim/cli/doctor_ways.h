/* The ways by which a process came to PostgreSQL, or could have: see doctor_findings.h. */
#ifndef CLI_DOCTOR_WAYS_H
#define CLI_DOCTOR_WAYS_H

#include "cli/doctor_findings.h"

/* Is it one that the user would count: no request to cancel, and no attempt with TLS that
 * the server refused, after which the client came again without? */
bool speech_is_session(const struct patient *patient, const struct speech *speech);

/* Appends those of `patient` to `finding`. `is_recorded` tells of each speech whether
 * pqleak has it. Returns 0 or -ENOMEM. */
int ways_of_patient(struct finding *finding, const struct patient *patient,
		    const struct options *options, bool has_ledger, const bool *is_recorded);

/* Appends, or completes, those that a ledger knows. Returns 0 or -ENOMEM. */
int ways_of_ledger(struct finding *finding, const struct reader *reader);

#endif

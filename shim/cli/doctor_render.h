/* The doctor's findings in a form: pqleak-doctor/1 (doctor.schema.json), or text. */
#ifndef CLI_DOCTOR_RENDER_H
#define CLI_DOCTOR_RENDER_H

#include <stdio.h>

#include "cli/doctor_findings.h"

/* Returns 0, or -Exxx of a write or of memory. */
int doctor_render_text(FILE *out, const struct findings *findings);
int doctor_render_json(FILE *out, const struct findings *findings);

#endif

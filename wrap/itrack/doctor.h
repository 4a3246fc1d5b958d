/*
 * itrack doctor looks at each selected tracker before a run does: is it
 * configured, reachable, allowed, which version, what would be sent where. A
 * tracker's examination is one function in a file of its own (doctor_NAME.c)
 * and one line in the table of doctor.c. Nothing is created or changed
 * anywhere.
 */
#ifndef WRAP_ITRACK_DOCTOR_H
#define WRAP_ITRACK_DOCTOR_H

#include <stdbool.h>

#include "wrap/options/options.h"

enum verdict {
	DOCTOR_GOOD, /* fine */
	DOCTOR_NOTE, /* fine, but worth knowing */
	DOCTOR_BAD,  /* would not be delivered; the text says what to do */
};

struct doctor {
	const struct options *options;
	const char *tracker;
	bool failed; /* something was bad */
};

/* One line: "mlflow: ok: TEXT". Control characters are escaped. */
void doctor_say(struct doctor *d, enum verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Can files be made below `dir` (or below its nearest parent that exists)? Says
 * so, with `what` it is for. */
void doctor_directory(struct doctor *d, const char *dir, const char *what);

void doctor_mlflow(struct doctor *d);
void doctor_wandb(struct doctor *d);

#endif

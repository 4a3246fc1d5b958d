/*
 * What an attempt's run came to: the last value of each metric, and each param,
 * under the names that a tracker without runs of its own for experiments gives
 * them. The journal tells them, so a live run, an import, a run that `itrack
 * sync` delivers and one of the library are read in the same way.
 *
 *	values_read(&v, attempt, VALUES_EXPERIMENTS_MAX, &err);
 *	... values_metric(&v, "success_rate", &rate) ...
 *	values_release(&v);             also after an error
 */
#ifndef WRAP_ATTEMPT_VALUES_H
#define WRAP_ATTEMPT_VALUES_H

#include <stdbool.h>
#include <sys/tree.h>

#include "format/jsonwrite.h"
#include "journal/entry.h"
#include "wrap/attempt/attempt.h"

/* Of so many experiments the own values are kept: ten values each of the 10,000
 * that a run may have would be more than the rest of the process. */
#define VALUES_EXPERIMENTS_MAX 500

struct named_value {
	RB_ENTRY(named_value) link;
	char *name;
	struct value value;
};

RB_HEAD(value_tree, named_value);

struct values {
	struct value_tree metrics, params; /* by name */
	size_t left_out; /* experiments whose own values are not here */
};

/* Reads the attempt's journal from its start; the own values of experiments
 * behind the first `experiments` are left out. */
int values_read(struct values *v, const struct attempt *a, size_t experiments,
    struct err *err);
void values_release(struct values *v);

/* False: the run has no such metric. */
bool values_metric(const struct values *v, const char *name, double *value);
/* The metric behind `n` by name, the first behind NULL; NULL: there is none. */
const struct named_value *values_next_metric(
    const struct values *v, const struct named_value *n);

/* Writes the members "metrics" and "params", and "experiments_left_out". */
void values_write(const struct values *v, struct jsonwrite *w);

#endif

/*
 * The numbers of one run by name, as rules and tables want them: success_rate,
 * error_rate, the counts, scores/NAME (means), usage/NAME (sums) and, where the
 * records have latencies, latency_ms (the mean) and its quantiles.
 *
 *	figures_read(&f, &run);
 *	value = figures_get(&f, "success_rate");    NaN: the run has none
 *	figures_release(&f);
 */
#ifndef WRAP_ITRACK_COMPARE_FIGURES_H
#define WRAP_ITRACK_COMPARE_FIGURES_H

#include "wrap/itrack/compare/run.h"

struct figure {
	char *name; /* a text */
	double value;
};

struct figures {
	struct figure *list;
	size_t len;
};

void figures_read(struct figures *f, struct run *run);
void figures_release(struct figures *f);

double figures_get(const struct figures *f, const char *name);
/* The i-th name that one of the two has; NULL: there are no more. */
const char *figures_either(
    const struct figures *a, const struct figures *b, size_t i);

#endif

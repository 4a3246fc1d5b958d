/*
 * The curve of a value over the records of a run: the running success rate, or the
 * running mean of a score, at so many places with equal distances.
 *
 *	curve_make(&curve, &run, "success_rate", 60);
 *	... curve.y[0 .. curve.len - 1] at the records curve.x[...] ...
 *	curve_release(&curve);
 */
#ifndef WRAP_ITRACK_COMPARE_CURVE_H
#define WRAP_ITRACK_COMPARE_CURVE_H

#include "wrap/itrack/compare/run.h"

struct curve {
	double *x, *y;
	size_t len; /* at most so many; 0: the run has no such value */
};

void curve_make(struct curve *curve, const struct run *run, const char *metric,
    size_t most);
void curve_release(struct curve *curve);

/* As eighths of blocks, one character for each place; `low` and `high` are the
 * bottom and the top. Allocated. */
char *curve_sparkline(const struct curve *curve, double low, double high);

#endif

/*
 * What the live view says of a run: how far it is, what it has come to, and what
 * its trackers have.
 */
#ifndef WRAP_ITRACK_LIVE_TEXT_H
#define WRAP_ITRACK_LIVE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "wrap/attempt/attempt.h"

/* A run as it is now. */
struct scene {
	char *name, *dir;
	const struct attempt *attempt;
	const struct derive *derive; /* NULL: it is only delivered */
	int64_t records, total;
	double rate;
};

/* Appends "34 of 60 records, 2.1 a second, 12 s left", with a bar before it. */
void live_count(struct buf *line, const struct scene *s, bool bar);
/* Appends "66.7 % success, 3 errors, exact_match 0.825". False: nothing is to be
 * said yet. */
bool live_results(struct buf *line, const struct scene *s);
/* Appends "local 34   mlflow 30, 4 to go: Connection refused". True: something is
 * amiss with one of them. */
bool live_trackers(struct buf *line, const struct scene *s);

#endif

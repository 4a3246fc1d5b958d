/* Decides what the report says of many runs: their sums, and which of them are named
 * one by one. */
#ifndef WRAP_ATTEMPT_REPORT_MANY_H
#define WRAP_ATTEMPT_REPORT_MANY_H

#include "wrap/attempt/report.h"
#include "wrap/attempt/values.h"

/* Counts the run. True: something is amiss with it, and there is room to say it:
 * it is not delivered whole, or not all of it could be read. */
bool totals_add(struct report_totals *t, const struct attempt *a,
    const struct values *values);
/* Appends the totals, a line for the runs, one for each tracker, and one for what
 * was not named. */
void totals_line(const struct report_totals *t, struct buf *line);

#endif

/* Says in one line how a run went: counts that are not zero, the success rate,
 * mean scores and the time that it took. */
#ifndef WRAP_ATTEMPT_RESULT_LINE_H
#define WRAP_ATTEMPT_RESULT_LINE_H

#include "base/buf.h"
#include "wrap/attempt/values.h"

/* Appends "60 records, 66.7 % success, 14 errors (6 timeouts), exact_match
 * 0.825, 41.8 s"; of a run without records its metrics. `prefix`: of --prefix,
 * "" if none; `seconds`: how long the run took, 0 if that is not known. */
void result_line(struct buf *line, const struct values *v, const char *prefix,
    double seconds);

/* Appends ", 66.7 % success"; only what has no failure has 100 %, and only what has
 * no success 0 %. */
void result_rate(struct buf *line, double success, double total);

/* Appends "1 record", "12 records". */
void result_count(struct buf *line, double count, const char *noun);

#endif

/* The report for programs (--report): each run as JSON, in one file. */
#ifndef WRAP_ATTEMPT_REPORT_JSON_H
#define WRAP_ATTEMPT_REPORT_JSON_H

#include "wrap/attempt/report.h"
#include "wrap/attempt/values.h"

/* Adds the run, if the JSON is wanted. */
void report_add_json(
    struct report *r, const struct attempt *a, const struct values *v);

/* Writes the JSON form to `path` (temp file and rename):
 * {"version":1,"runs":[...]}. */
int report_write(const struct report *r, const char *path, struct err *err);

#endif

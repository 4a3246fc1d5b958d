/* What users mean by a duration ("90s", "15m", "2h", "7d", "3w") and by a point
 * in time. */
#ifndef WRAP_ITRACK_TIMESPAN_H
#define WRAP_ITRACK_TIMESPAN_H

#include <stdint.h>

#include "base/err.h"

/* Microseconds. A number alone has no meaning: -EINVAL. */
int timespan_duration(const char *text, int64_t *us, struct err *err);
/* A duration before `now_us`, or a date with or without a time as ISO 8601
 * writes it; without an offset it is local time. Microseconds since 1970. */
int timespan_since(
    const char *text, int64_t now_us, int64_t *us, struct err *err);

#endif

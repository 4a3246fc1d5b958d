/* The results file of `insidellms run --output FILE`, an artifact as it is with
 * insideLLMs' own tracking. */
#ifndef WRAP_ATTEMPT_RESULTS_H
#define WRAP_ATTEMPT_RESULTS_H

#include "wrap/attempt/attempt.h"

/* Of a run that is over: the file, if this run has written one and all
 * artifacts are asked for. */
void attempt_keep_results(struct attempt *a, int64_t time_us);

#endif

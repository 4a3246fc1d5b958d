/* Tracks the results file of `insidellms run --output FILE` as an artifact, as
 * insideLLMs' own tracking does. */
#ifndef WRAP_ATTEMPT_OUTPUT_FILE_H
#define WRAP_ATTEMPT_OUTPUT_FILE_H

#include "wrap/attempt/attempt.h"

/* Called when the run is over: keeps the file, if this run wrote one and the
 * user asked for all artifacts. */
void attempt_keep_output_file(struct attempt *a, int64_t time_us);

#endif

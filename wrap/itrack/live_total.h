/*
 * How many records a run will have, as its configuration tells: the lines of its
 * dataset, where that is a JSONL file that can be found from here.
 */
#ifndef WRAP_ITRACK_LIVE_TOTAL_H
#define WRAP_ITRACK_LIVE_TOTAL_H

#include <stdint.h>

/* `run_dir` as text. 0: that can't be told (yet). */
int64_t live_total(const char *run_dir);

#endif

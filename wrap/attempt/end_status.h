/* Decides whether a run counts as finished, failed or killed. */
#ifndef WRAP_ATTEMPT_END_STATUS_H
#define WRAP_ATTEMPT_END_STATUS_H

#include <stdbool.h>

#include "wrap/attempt/attempt.h"

/* `manifest`: the run has written its last one. `stopped`: it was asked to stop;
 * one that went on to its end all the same, or had come to it when it was asked,
 * is finished. */
enum run_status end_status(
    const struct attempt_outcome *outcome, bool manifest, bool stopped);

#endif

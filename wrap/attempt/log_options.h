/* Logs the first lines of -v: where itrack keeps its state, and each option
 * that was set, with its source. */
#ifndef WRAP_ATTEMPT_LOG_OPTIONS_H
#define WRAP_ATTEMPT_LOG_OPTIONS_H

#include "wrap/options/options.h"

/* Says nothing without -v. Addresses are shown without login and query. */
void log_options(const struct options *options);

#endif

/* MLflow's variables of this process, with MLflow's forms of values. */
#ifndef TRACKER_MLFLOW_VARIABLES_H
#define TRACKER_MLFLOW_VARIABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Accepts true, false, 1 or 0, in any case, and nothing else. If the variable
 * is not set, *value stays. */
int mlflow_variable_bool(const char *name, bool *value, struct err *err);

/* Reads a whole number. `what` names its unit in the message. */
int mlflow_variable_number(const char *name, int64_t least, int64_t most,
    const char *what, int64_t *value, struct err *err);

#endif

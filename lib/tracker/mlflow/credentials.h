/*
 * Reads ~/.mlflow/credentials: the section [mlflow] with
 * mlflow_tracking_username and mlflow_tracking_password.
 */
#ifndef TRACKER_MLFLOW_CREDENTIALS_H
#define TRACKER_MLFLOW_CREDENTIALS_H

#include "base/err.h"
#include "tracker/mlflow/config.h"

/* Sets the user and the password where the configuration has none. Usually the
 * file is missing. A negative errno: it could not be looked at. */
int mlflow_credentials_take(struct mlflow_config *c, struct err *err);

#endif

/*
 * The runs of one process share these at an MLflow server: the connections, and
 * the experiment's ID once one of them has asked for it.
 *
 *	s = mlflow_shared_get(loop, &config, &err);   NULL: err says why
 *	... s->http, s->experiment_id ...
 *	mlflow_shared_put(s);     the last user frees it
 *
 * Two runs share if they have the same loop, server, credentials, experiment
 * and run to join.
 */
#ifndef TRACKER_MLFLOW_SHARED_H
#define TRACKER_MLFLOW_SHARED_H

#include "base/err.h"
#include "base/loop.h"
#include "http/http.h"
#include "tracker/mlflow/config.h"

struct mlflow_shared {
	struct http *http;
	char *experiment_id; /* NULL: nobody has asked yet */
	char *joined_by;     /* the attempt that joins a run; NULL: none */
};

struct mlflow_shared *mlflow_shared_get(
    struct loop *loop, const struct mlflow_config *config, struct err *err);
/* NULL does nothing. The user must have cancelled its requests before. */
void mlflow_shared_put(struct mlflow_shared *s);

#endif

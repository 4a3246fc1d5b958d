/*
 * What the runs of one process have in common at an MLflow server: connections,
 * and the experiment's ID once one of them has asked for it.
 *
 *	s = mlflow_shared_get(loop, &config, &err);   NULL: err says why
 *	... s->http, s->experiment_id ...
 *	mlflow_shared_put(s);     the last user frees it
 *
 * Two runs share when everything is equal that says who we are and where: the
 * loop, the server, the credentials, the experiment, the run to join.
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
/* NULL does nothing. Requests of the user are cancelled by then. */
void mlflow_shared_put(struct mlflow_shared *s);

#endif

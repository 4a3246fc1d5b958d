/* The page of MLflow that the report names for a run. */
#include <stdlib.h>

#include "base/die.h"
#include "tracker/mlflow/private.h"

void
mlflow_say_place(struct mlflow *m)
{
	bool traces = mlflow_takes_traces(m);
	bool several = m->child_len > 1 &&
	    tracker_has_own_run(m->tracker, m->children[0]->index);
	char *place;

	if (!traces)
		place = xasprintf("%s/#/experiments/%s/runs/%s", m->config.base,
		    m->experiment_id, m->run_id);
	else if (several)
		place = xasprintf("%s/#/experiments/%s/evaluation-runs",
		    m->config.base, m->experiment_id);
	else
		place = xasprintf(
		    "%s/#/experiments/%s/evaluation-runs?selectedRunUuid=%s",
		    m->config.base, m->experiment_id, m->run_id);
	tracker_set_place(m->tracker, place);
	free(place);
}

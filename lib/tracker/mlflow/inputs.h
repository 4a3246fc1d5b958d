/* What an evaluation was given, beside params: the dataset, which MLflow shows in
 * a column of its own, and the models under test. inputs.c sends both. */
#ifndef TRACKER_MLFLOW_INPUTS_H
#define TRACKER_MLFLOW_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

struct mlflow;
struct mlflow_child;
struct entry_params;

enum mlflow_model_step {
	MODEL_NEW,
	MODEL_MADE,   /* it has an ID */
	MODEL_READY,  /* and is complete */
	MODEL_LINKED, /* and the run's */
};

/* A model that a run tests. */
struct mlflow_model {
	const struct mlflow_child *child; /* NULL: the run of all */
	char *name, *provider;            /* provider: or NULL */
	char *id;
	enum mlflow_model_step step;
};

struct mlflow_inputs {
	char *dataset; /* its name; NULL: not known, as the next two */
	char *path;
	char *hash;
	bool sent;    /* to the run of all; a child has its own mark */
	bool refused; /* the server has no place for datasets */
	bool last;    /* nothing more will be known of it */
	bool recalled;
	struct mlflow_model *models;
	size_t model_len;
	bool no_models; /* the server has none */
	bool ambiguous; /* one may have been made that was not answered */
	struct mlflow_model *model; /* the one under way */
	struct mlflow_child *child; /* the run that gets the dataset now */
};

#endif

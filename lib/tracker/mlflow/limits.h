/* How long a name or a value may be in MLflow, and how much one request holds. */
#ifndef TRACKER_MLFLOW_LIMITS_H
#define TRACKER_MLFLOW_LIMITS_H

/* Characters (not bytes). */
#define MLFLOW_KEY_MAX       250
#define MLFLOW_PARAM_MAX     6000
#define MLFLOW_TAG_VALUE_MAX 8000
/* A component of a key is a file name in a file store. */
#define MLFLOW_COMPONENT_BYTES 250

/* Of one request. */
#define MLFLOW_ITEMS_MAX  1000 /* params, tags and metrics together */
#define MLFLOW_PARAMS_MAX 100  /* and as many tags */
#define MLFLOW_TRACES_MAX 100  /* records, as traces */
/* Proxies and hosted services accept at most 1 MB; one more item must fit. */
#define MLFLOW_BODY_MAX 900000
/* The size of the buffer for a body: one item more than MLFLOW_BODY_MAX. */
#define MLFLOW_BODY_BUFFER (1024 * 1024)

#endif

/*
 * Finds out where MLflow is and who we are there, by MLflow's own rules: from
 * the URI, the MLFLOW_ variables of this process, ~/.mlflow/credentials and the
 * CA variables.
 *
 *	if (mlflow_config_load(&c, &choice, &err) < 0) ... blocked: err says it
 *	mlflow_config_release(&c);
 *
 * No message made here holds a password or a token.
 */
#ifndef TRACKER_MLFLOW_CONFIG_H
#define TRACKER_MLFLOW_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "http/http.h"
#include "tracker/plan.h"

enum mlflow_store { MLFLOW_SERVER, MLFLOW_FILES };

struct mlflow_config {
	enum mlflow_store store;
	char *base; /* server: URL without user, password, final slash */
	char *root; /* files: absolute directory */
	char *user, *password, *token; /* NULL: none */
	char *ca, *client_cert;
	bool insecure;
	char *workspace;
	char *experiment_name; /* one of the two is set */
	char *experiment_id;
	bool experiment_chosen; /* chosen by name, not the project's */
	char *run_id;           /* the run to join; or NULL */
	char *run_context;      /* JSON object of extra tags, or NULL */
	int64_t timeout_ms;     /* of a request */
	bool timeout_is_users;  /* not our default */
	int retry_most;         /* -1: not said */
	int64_t retry_first_ms; /* -1: not said */
	bool heed_retry_after;
	char *denied; /* a line on a file that may not be read; or NULL */
};

/* What the user chose. Each member but the project may be NULL. */
struct mlflow_choice {
	const char *uri;        /* --mlflow-uri or MLFLOW_TRACKING_URI */
	const char *experiment; /* --mlflow-experiment, ... */
	const char *project;    /* the experiment's name otherwise */
	const char *run_id;     /* --mlflow-run-id, MLFLOW_RUN_ID */
	const char *cwd;        /* for a relative path; NULL or "": not known */
};

/* The choice that a plan holds. Borrows its texts. */
struct mlflow_choice mlflow_choice_of(const struct plan *plan);

/* Not an error that a system call on a file has: no server is named, or none
 * that can be used. */
#define MLFLOW_NEEDS_URI (-EDESTADDRREQ)

/* MLFLOW_NEEDS_URI, or -EINVAL: the configuration can't be used; err says what
 * to do. Another one: a file of it could not be looked at. */
int mlflow_config_load(struct mlflow_config *c,
    const struct mlflow_choice *choice, struct err *err);
void mlflow_config_release(struct mlflow_config *c);

/* Where a run goes: the server or directory, and the experiment. Allocated;
 * NULL: that can't be told now. */
char *mlflow_destination(const struct plan *plan, struct err *err);

struct http_config mlflow_config_http(const struct mlflow_config *c);

#endif

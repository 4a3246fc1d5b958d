/*
 * MLflow's file store: a directory ROOT with one directory for each experiment
 * and, below it, for each run. Written so that MLflow's own client, server and
 * migrate-filestore read it; the format is in docs of MLflow's FileStore, the
 * traps are named where they are avoided.
 */
#ifndef TRACKER_MLFLOW_STORE_STORE_H
#define TRACKER_MLFLOW_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "journal/entry.h"
#include "tracker/tracker.h"

#define MLRUNS_ID_SIZE 33

/* One run directory being written. */
struct mlruns_run {
	char *dir; /* ROOT/<experiment>/<run> */
	char *id;  /* 32 hex digits, derived from the attempt */
	char *experiment_id;
	char *name;
	const char *user;
	int64_t start_ms;
	/* Hears of keys that had to give way to others; or NULL. */
	struct tracker *tracker;
	/* Points that an earlier process or try may have written are looked
	 * for before they are added. */
	bool check;
};

/* --- meta.c: meta.yaml --- */

/* A text as a double-quoted YAML scalar; other characters stay UTF-8. */
void mlruns_quote(struct buf *out, const char *text);

/* The value of `key` in a flat YAML mapping as MLflow writes it (plain, single
 * or double quotes, folded lines). Allocated; NULL: not there. */
char *mlruns_member(const char *yaml, const char *key);

#define MLRUNS_RUNNING 1
/* end_ms 0: still running. status: 1 RUNNING, 3 FINISHED, 4 FAILED, 5 KILLED.
 */
int mlruns_write_meta(
    const struct mlruns_run *run, int status, int64_t end_ms, struct err *err);
int mlruns_write_experiment(const char *dir, const char *id, const char *name,
    int64_t now_ms, struct err *err);

int mlruns_write_model(
    const char *dir, const char *name, int64_t now_ms, struct err *err);

struct mlruns_version {
	int number;
	const char *name, *source;
	const char *run_id; /* "": none */
	const char *user;   /* NULL: not known */
	int64_t now_ms;
};

int mlruns_write_version(
    const char *dir, const struct mlruns_version *version, struct err *err);

/* "file://" + the percent-encoded path. */
void mlruns_uri(struct buf *out, const char *path);

/* --- experiment.c --- */

/* The experiment with this name (or, if not NULL, ID) below root, created under
 * the store's lock if there is none. *id and *dir are allocated. -EBUSY:
 * another process holds the lock. */
int mlruns_experiment(const char *root, const char *name, const char *known_id,
    char **id, char **dir, struct err *err);

/* The ID of the experiment with this name; NULL: there is none. Allocated. */
char *mlruns_find_experiment(const char *root, const char *name);

/* --- data.c --- */

/* Points of one batch, gathered so that each file is written once. */
struct mlruns_points;

struct mlruns_points *mlruns_points_new(void);
void mlruns_points_free(struct mlruns_points *p);
void mlruns_points_add(struct mlruns_points *p, const char *key,
    int64_t time_ms, double value, int64_t step);
/* Appends to the files below run->dir/metrics. */
int mlruns_points_write(
    struct mlruns_points *p, const struct mlruns_run *run, struct err *err);

/* 1: another value stands there already and stays. */
int mlruns_write_param(const struct mlruns_run *run, const char *key,
    const char *value, struct err *err);
int mlruns_write_tag(const struct mlruns_run *run, const char *key,
    const char *value, struct err *err);

#endif

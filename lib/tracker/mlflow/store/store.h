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
#include "base/folder.h"
#include "journal/entry.h"
#include "tracker/tracker.h"

#define MLRUNS_ID_SIZE 33

/* One run directory being written. It is opened for each call, because a run
 * may have children without number, and without following links: `mark` tells
 * it from another one that has its name by now. */
struct mlruns_run {
	int experiment; /* the experiment's directory; borrowed */
	char mark[FOLDER_MARK_SIZE];
	const char *word; /* of temporary files; borrowed */
	char *dir;        /* its path ROOT/<experiment>/<run>; NULL: none yet */
	char *id;         /* 32 hex digits, derived from the attempt */
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

#define MLRUNS_RUNNING 1
/* end_ms 0: still running. status: 1 RUNNING, 3 FINISHED, 4 FAILED, 5 KILLED.
 */
int mlruns_write_meta(
    const struct mlruns_run *run, int status, int64_t end_ms, struct err *err);
/* `dir` is open as `fd`. */
int mlruns_write_experiment(
    int fd, const char *dir, const char *id, const char *name, struct err *err);

int mlruns_write_model(
    int fd, const char *name, int64_t now_ms, struct err *err);

struct mlruns_version {
	int number;
	const char *name, *source;
	const char *run_id; /* "": none */
	const char *user;   /* NULL: not known */
	int64_t now_ms;
};

int mlruns_write_version(
    int fd, const struct mlruns_version *version, struct err *err);

/* "file://" + the percent-encoded path. */
void mlruns_uri(struct buf *out, const char *path);

/* --- experiment.c --- */

/* A store: the directory that the user has named, which may be a link. */
struct mlruns_root {
	const char *path;
	int fd;
};

/* Makes it if need be. A descriptor. */
int mlruns_open_root(const char *path, struct err *err);

/* The experiment with this name (or, if not NULL, ID) below root, created under
 * the store's lock if there is none: its ID, allocated, and a descriptor of its
 * directory. -EBUSY: another process holds the lock. */
int mlruns_experiment(const struct mlruns_root *root, const char *name,
    const char *known_id, char **id, struct err *err);

/* The ID of the experiment with this name; NULL: there is none. Allocated. */
char *mlruns_find_experiment(const char *root, const char *name);

/* --- run.c --- */

/* A descriptor of the run's directory. -ESTALE: another one has its name. */
int mlruns_run_open(const struct mlruns_run *run, struct err *err);

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

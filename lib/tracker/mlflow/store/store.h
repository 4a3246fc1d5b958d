/*
 * MLflow's file store: a directory ROOT with one directory for each experiment
 * and, below it, for each run. We write it so that MLflow's own client, server
 * and migrate-filestore can read it. The documentation of MLflow's FileStore
 * describes the format; comments name its traps where the code avoids them.
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

/* A run directory that is being written. Each call opens it again, because a
 * run may have any number of children, and follows no links; `mark` tells it
 * from another directory that has taken its name. */
struct mlruns_points;

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
	/* Gets a note on each key that had to give way to another one; or
	 * NULL. */
	struct tracker *tracker;
	/* An earlier process has written in it. */
	bool check;
	bool joined; /* what is there may be another attempt's */
	struct mlruns_points *points; /* NULL: none yet */
};

/* --- joined.c --- */

/* Finds the line, the first that this attempt has for the file; *at is its place,
 * or where it is to go. */
int mlruns_first_of_ours(
    int fd, const char *line, size_t len, int64_t *at, struct err *err);

/* --- meta.c: meta.yaml --- */

/* Appends a text as a double-quoted YAML scalar; other characters stay
 * UTF-8. */
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

/* Appends "file://" and the percent-encoded path. */
void mlruns_uri(struct buf *out, const char *path);

/* --- experiment.c --- */

/* A store: the directory that the user named, which may be a link. */
struct mlruns_root {
	const char *path;
	int fd;
};

/* Opens the store and makes it if need be. Returns a descriptor. */
int mlruns_open_root(const char *path, struct err *err);

/* The experiment with this name (or, if not NULL, this ID) below root. If there
 * is none, it is created under the store's lock. Gives its ID, allocated, and a
 * descriptor of its directory. -EBUSY: another process holds the lock. */
int mlruns_experiment(const struct mlruns_root *root, const char *name,
    const char *known_id, char **id, struct err *err);

/* *id: of the experiment with this name, allocated; NULL: there is none. 0, or a
 * negative errno: it could not be looked at. */
int mlruns_find_experiment(
    const char *root, const char *name, char **id, struct err *err);

/* --- run.c --- */

/* Opens the run's directory; returns a descriptor. -ESTALE: another directory
 * has its name. */
int mlruns_run_open(const struct mlruns_run *run, struct err *err);

/* --- data.c --- */

/* The points of a run: those of one batch are gathered, so that each file is
 * written once, and written. What an earlier process or try has written of them
 * is not written again, if the run gets its points from the start. */
struct mlruns_points *mlruns_points_new(void);
void mlruns_points_free(struct mlruns_points *p);
void mlruns_points_add(struct mlruns_points *p, const char *key,
    int64_t time_ms, double value, int64_t step);
/* Appends to the files below run->dir/metrics. */
int mlruns_points_write(
    struct mlruns_points *p, const struct mlruns_run *run, struct err *err);

/* Returns 1 if another value stands there already; that one stays. */
int mlruns_write_param(const struct mlruns_run *run, const char *key,
    const char *value, struct err *err);
int mlruns_write_tag(const struct mlruns_run *run, const char *key,
    const char *value, struct err *err);

#endif

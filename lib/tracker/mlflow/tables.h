/*
 * The records of each run as MLflow's table (an artifact of columns and rows, and
 * the tag mlflow.loggedArtifacts that names it), for stores that have no traces.
 * The rows are gathered in files without a name until the run has ended; an
 * attempt that goes on in another process gets them again from the start.
 *
 *	mlflow_tables_add(m, &row, &err);           each row
 *	if (!mlflow_tables_send(m, sent)) ...       a server
 *	mlflow_tables_place(m, &err);               a file store
 */
#ifndef TRACKER_MLFLOW_TABLES_H
#define TRACKER_MLFLOW_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "tracker/common/row.h"

struct mlflow;
struct mlflow_child;
struct mlflow_answer;

struct mlflow_table {
	const struct mlflow_child *child; /* NULL: the run of all */
	int fd;
	int64_t size; /* without the end */
	bool sent;    /* as it is now */
};

struct mlflow_tables {
	struct mlflow_table *list;
	size_t len;
	struct mlflow_table *now; /* on its way to a server */
	/* Called when all are there, or with the answer that says why not. */
	void (*then)(struct mlflow *m, const struct mlflow_answer *failed);
};

/* 0, or a negative errno: the row could not be written. */
int mlflow_tables_add(struct mlflow *m, const struct row *row, struct err *err);
/* Sends them to the server, in the records lane, then calls `then`; false: nothing
 * is left to send, and it is not called. What the server refuses is said and not
 * tried again. */
bool mlflow_tables_send(struct mlflow *m,
    void (*then)(struct mlflow *m, const struct mlflow_answer *failed));
/* Writes them into the file store. */
int mlflow_tables_place(struct mlflow *m, struct err *err);
/* To be called in open(): did an earlier process gather rows? */
void mlflow_tables_recall(struct mlflow *m);
void mlflow_tables_release(struct mlflow *m);

#endif

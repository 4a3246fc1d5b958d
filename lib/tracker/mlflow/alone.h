/*
 * A record that is alone in a request which the server refuses, or at which it
 * fails: decides how much of the record goes next. Pure functions.
 *
 *	mlflow_form_row(&row, run_id, alone.form);
 *	... a request with it ...
 *	switch (mlflow_alone_answer(&alone, &answer)) ...
 *
 * What the server refuses goes without its texts, and then not at all. A failure
 * (500, 422) may be the server's or the record's: after some in a row less of the record
 * goes, down to its ID and state, which no server has a reason to fail at. When the
 * server takes that, it is well, and the whole record goes once more: if it fails at
 * that again, the record is at fault.
 */
#ifndef TRACKER_MLFLOW_ALONE_H
#define TRACKER_MLFLOW_ALONE_H

#include <stdbool.h>

#include "base/err.h"
#include "tracker/common/row.h"

struct mlflow_answer;

/* How much of a record goes, the least last. */
enum mlflow_form {
	MLFLOW_WHOLE,
	MLFLOW_BARE,  /* without what --records=text adds */
	MLFLOW_PLACE, /* ID, state, number and times */
};

/* Zeroed before the first request. */
struct mlflow_alone {
	enum mlflow_form form; /* of the next request; of what is there */
	/* A lesser form that was taken, after which the whole goes once more;
	 * MLFLOW_WHOLE: none was. */
	enum mlflow_form taken;
	int failures;   /* in a row, of the whole */
	struct err why; /* the last failure or refusal */
};

enum mlflow_alone_next {
	MLFLOW_ALONE_WAITS, /* the same comes again later, as the answer says */
	MLFLOW_ALONE_AGAIN, /* at once, in `form` */
	MLFLOW_ALONE_THERE, /* in `form` */
	MLFLOW_ALONE_LOST,  /* `why` says why */
};

/* May the request itself be what makes the server fail? */
bool mlflow_is_at_fault(const struct mlflow_answer *a);
enum mlflow_alone_next mlflow_alone_answer(
    struct mlflow_alone *alone, const struct mlflow_answer *a);

/* Takes out what does not belong to the form. */
void mlflow_form_cut(struct row *row, enum mlflow_form form);
/* As that, and gives the row the IDs that it has in this run: a trace belongs to
 * one run, and the same attempt may be tracked into several experiments. */
void mlflow_form_row(
    struct row *row, const char *run_id, enum mlflow_form form);

#endif

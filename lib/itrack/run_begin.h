/*
 * How a run of the library, or of `itrack log`, begins: which name and ID it has,
 * where its journal is, what its first entry says, and what the tracker calls it.
 *
 *	run_begin(t, &start, &run, &err);
 *	...
 *	run_free(run), or run_undo(run) as if it had never begun
 */
#ifndef ITRACK_RUN_BEGIN_H
#define ITRACK_RUN_BEGIN_H

#include "itrack/handle.h"

/* What the caller of itrack_start_run() asks for. */
struct start {
	const char *run_name, *run_id;
	unsigned flags;
	char open_name[ATTEMPT_SIZE];
};

/* Within a body of HANDLE_CONTROL. *run: the run, the caller's, with ITRACK_ANYHOW
 * also where the result is an error; it stays as it is where nothing has begun. */
int run_begin(struct itrack_tracker *t, const struct start *start,
    struct run **run, struct err *err);
/* Begins a journal that has single calls and no run. *run is the caller's, whatever
 * the result is. */
int run_begin_alone(
    const struct itrack_tracker *t, struct run **run, struct err *err);
/* Takes everything back, and frees the run. */
void run_undo(struct run *run);

#endif

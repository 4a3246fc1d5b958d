/*
 * A W&B run without a server: the folder that `wandb sync` and `wandb leet`
 * take as their own,
 *
 *	<root>/offline-run-<YYYYMMDD_HHMMSS>-<id>/run-<id>.wandb
 *	                                          files/      what the run shows
 *	                                          artifacts/  of its artifact
 *
 * Each process writes it from the journal's start and keeps what is there
 * already (log_file.h). artifacts/ holds copies, because wandb deletes the
 * files that it has uploaded.
 */
#ifndef TRACKER_WANDB_OFFLINE_H
#define TRACKER_WANDB_OFFLINE_H

#include <stdbool.h>

#include "tracker/tracker.h"
#include "tracker/wandb/offline_files.h"
#include "tracker/wandb/log_file.h"
#include "tracker/wandb/run.h"

/* A sample of system metrics that came before the run record. */
struct wandb_early {
	int64_t time_us;
	struct wandb_values values;
};

struct wandb_offline {
	struct tracker *t;
	struct wandb_run *run;           /* borrowed */
	const struct entry_start *start; /* borrowed */
	int dir;                         /* -1: not open */
	char *path;                      /* of the folder, bytes */
	const char *word;                /* of temporary files */
	struct wandb_log log;
	bool began; /* the run record is written */
	bool lost;  /* a record was too long */
	struct wandb_early *early;
	size_t early_len;
	struct wandb_offline_files copies;
};

/* The caller has zeroed or closed the struct before. `root`: where the folder
 * goes, bytes, unless the cursor knows it. */
enum outcome wandb_offline_open(struct wandb_offline *o, struct tracker *t,
    const struct run_info *info, const char *root, struct wandb_run *run,
    struct err *err);
/* To be called for each row that `run` closes. */
void wandb_offline_row(struct wandb_offline *o);
/* An entry of the metrics lane that belongs to this run. It is in the file after
 * the next flush. */
void wandb_offline_take(struct wandb_offline *o, const struct entry *e);
enum outcome wandb_offline_flush(struct wandb_offline *o, struct err *err);
/* A batch of the files lane; PENDING. */
enum outcome wandb_offline_files(struct wandb_offline *o, struct batch *batch);
enum outcome wandb_offline_finish(
    struct wandb_offline *o, const struct run_end *end, struct err *err);
void wandb_offline_close(struct wandb_offline *o);

#endif

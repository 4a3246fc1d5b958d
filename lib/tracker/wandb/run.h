/*
 * A run as W&B knows it, put together from the journal's entries: its ID,
 * project, name, tags and config, its history and its summary. Online and
 * offline runs share this.
 *
 *	wandb_run_init(&run, t, info, &settings, on_row, data);
 *	wandb_run_take(&run, &entry);          metrics lane, in order, each once
 *	wandb_run_release(&run);
 *
 * All texts are in the form of format/text.h.
 */
#ifndef TRACKER_WANDB_RUN_H
#define TRACKER_WANDB_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracker/common/prefixes.h"
#include "tracker/tracker.h"
#include "tracker/wandb/rows.h"
#include "tracker/wandb/settings.h"
#include "tracker/wandb/values.h"

/* How the run record names its writer. */
#define WANDB_CLIENT "itrack-" ITRACK_VERSION

struct wandb_run {
	const struct tracker *tracker;
	const struct run_info *info;
	char *id;                /* the user's; else the attempt */
	bool id_given, id_unfit; /* unfit: the user's can't be taken */
	char *sweep;             /* NULL: none */
	char *entity;            /* NULL: not known */
	char *project;
	char *name;      /* display name */
	bool name_given; /* by the user: the run ID does not replace it */
	char *notes, *group, *job_type; /* NULL: none */
	char *host;
	char *remote, *commit; /* the working directory's git; NULL: none */
	char **tags;
	size_t tag_len;
	/* Parts of the identity were changed, because W&B would refuse the
	 * given ones. */
	bool project_changed, tag_cut;
	char *run_id; /* insideLLMs'; NULL: not known yet */
	int64_t started_us;
	struct wandb_values config;
	bool config_changed; /* set here, cleared by the user of the struct */
	bool without_config; /* it is too large for the server */
	bool name_changed;   /* as well */
	/* What the run held before us, where it goes on: its lines of history,
	 * and the step behind its last. */
	int64_t lines_before, events_before, first_step;
	struct wandb_rows rows;
	struct wandb_values
	    tables;               /* of the summary; filled by who sends them */
	struct prefixes prefixes; /* of the experiments */
	/* Whose own run it is; ENTRY_NO_EXPERIMENT: the run itself. */
	int64_t experiment;
};

/* Takes from the cursor what was chosen at the first opening (names from the
 * environment, git), if it is there. */
void wandb_run_init(struct wandb_run *run, const struct tracker *t,
    const struct run_info *info, const struct wandb_settings *settings,
    void (*on_row)(const struct wandb_rows *rows, void *data), void *data);
/* The run of an experiment of `parent`, which has taken its EXPERIMENT entry: as
 * that, with an ID and a name of its own, in the same group. */
void wandb_run_init_child(struct wandb_run *run, const struct wandb_run *parent,
    int64_t experiment,
    void (*on_row)(const struct wandb_rows *rows, void *data), void *data);
void wandb_run_release(struct wandb_run *run);
/* Was it there, so that this attempt has opened the run before? */
bool wandb_run_is_remembered(const struct tracker *t);
/* Keeps in the cursor what wandb_run_init reads there. */
void wandb_run_remember(const struct wandb_run *run, struct tracker *t);

void wandb_run_take(struct wandb_run *run, const struct entry *e);

/* Adds the params of an entry under their names in the config. Returns whether
 * a name had to be changed. */
bool wandb_run_params(const struct wandb_run *run,
    const struct entry_params *params, struct wandb_values *config);

/* The status W&B knows: 0 is finished, anything else failed. */
int wandb_run_exit_code(const struct entry_end *end);
/* Whole seconds from start to end. */
int64_t wandb_run_seconds(const struct wandb_run *run, int64_t ended_us);

/* "linux-x86_64" */
void wandb_run_platform(struct buf *out);

#endif

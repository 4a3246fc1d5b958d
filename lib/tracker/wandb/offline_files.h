/*
 * The files lane of an offline W&B run: each file is copied to artifacts/ of
 * the run's folder, read for its digest, and shown in files/ under a second
 * name; tables are written to files/media/.
 *
 *	wandb_offline_files_init(&c, t, run, &folder);
 *	wandb_offline_files_send(&c, batch);               tracker_done() follows
 *	... c.bundles, c.run_files ...              at the end
 *	wandb_offline_files_release(&c);
 */
#ifndef TRACKER_WANDB_OFFLINE_FILES_H
#define TRACKER_WANDB_OFFLINE_FILES_H

#include <stddef.h>

#include "base/tempfile.h"
#include "tracker/common/artifact_copy.h"
#include "tracker/tracker.h"
#include "tracker/wandb/bundle.h"
#include "tracker/wandb/hash.h"
#include "tracker/wandb/manifest.h"
#include "tracker/wandb/pieces.h"
#include "tracker/wandb/run.h"
#include "tracker/wandb/table.h"

struct wandb_offline_files {
	struct tracker *t;     /* NULL: not in use */
	struct wandb_run *run; /* borrowed, as all here */
	int dir;               /* of the run's folder */
	const char *word;      /* of temporary files */
	const char *path;      /* its path, bytes */
	const char *host; /* where the entries were made; NULL: not known */
	bool alone;       /* the run has no other tracker */
	struct wandb_bundles bundles;    /* the artifacts */
	struct wandb_manifest run_files; /* and what is shown as run files */
	/* The batch that is on its way. */
	struct batch *batch; /* NULL: none */
	size_t at;
	struct local_copy copy;
	struct wandb_hash hash;
	int hash_fd; /* -1: no digest is being computed */
	struct wandb_table table;
	struct tempfile table_file; /* at rest: none under way */
	struct loop_timer timer;
};

struct wandb_offline_files_folder {
	int dir;
	const char *path, *word, *host;
	bool alone;
};

void wandb_offline_files_init(struct wandb_offline_files *c, struct tracker *t,
    struct wandb_run *run, const struct wandb_offline_files_folder *folder);
void wandb_offline_files_release(struct wandb_offline_files *c);

void wandb_offline_files_send(
    struct wandb_offline_files *c, struct batch *batch);

/* As in upload.h, but for a file, and at once. */
int wandb_offline_files_open_table(struct wandb_offline_files *c,
    const struct entry_table *entry, struct err *err);
int wandb_offline_files_place_table(
    struct wandb_offline_files *c, struct err *err);
/* Writes the pieces of the records that are full, with `last` all of them. */
enum outcome wandb_offline_files_pieces(struct wandb_offline_files *c,
    struct wandb_pieces *pieces, bool last, struct err *err);

#endif

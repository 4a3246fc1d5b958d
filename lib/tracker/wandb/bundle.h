/*
 * Decides which files of a run are one artifact of W&B. An insideLLMs run has one
 * with all of its files, insidellms-<run ID>. What a program logs itself keeps the
 * name and the type that it was given: each call makes one artifact, of a file or
 * of what a directory holds; another call with that name makes a version of it.
 *
 *	wandb_bundles_init(&b, run);
 *	wandb_bundles_add(&b, entry, place, md5, size);    in the journal's order
 *	... b.list ...                                     at the end
 *	wandb_bundles_release(&b);
 */
#ifndef TRACKER_WANDB_BUNDLE_H
#define TRACKER_WANDB_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "journal/entry.h"
#include "tracker/wandb/manifest.h"
#include "tracker/wandb/run.h"
#include "tracker/wandb/source.h"

struct wandb_bundle {
	char *name, *type; /* as given; NULL: it is the run's own */
	bool folder;       /* its files were a directory's */
	int64_t first_us;  /* the time of its first entry */
	struct wandb_manifest files;
	struct wandb_sources sources; /* of these files */
};

struct wandb_bundles {
	const struct wandb_run *run; /* borrowed */
	struct wandb_bundle *list;
	size_t len;
};

void wandb_bundles_init(struct wandb_bundles *b, const struct wandb_run *run);
void wandb_bundles_release(struct wandb_bundles *b);

/* Are the run's artifacts the calls of a program? */
bool wandb_bundles_are_calls(const struct wandb_bundles *b);

/* Adds the file of an ARTIFACT entry. `place`: where its copy is (NULL: it has
 * none). */
void wandb_bundles_add(struct wandb_bundles *b, const struct entry *e,
    const char *place, const char *md5, int64_t size);
/* Has an earlier file its copy there? */
bool wandb_bundles_have_place(const struct wandb_bundles *b, const char *place);

/* Appends the artifact's name, with the characters and the length that W&B
 * allows. */
void wandb_bundle_name(const struct wandb_bundle *bundle,
    const struct wandb_run *run, struct buf *out);
/* Says a name that is not the given one. */
void wandb_bundle_say_name(const struct wandb_bundle *bundle,
    const struct wandb_run *run, struct tracker *t);
const char *wandb_bundle_type(const struct wandb_bundle *bundle);

/* Write what the server tells this artifact by, and all those of its name in
 * this attempt. */
void wandb_bundle_version_id(const struct wandb_bundle *bundle,
    const struct wandb_run *run, char id[WANDB_CLIENT_ID_SIZE]);
void wandb_bundle_sequence_id(const struct wandb_bundle *bundle,
    const struct wandb_run *run, char id[WANDB_CLIENT_ID_SIZE]);

#endif

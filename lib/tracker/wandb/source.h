/*
 * Remembers where the files of a run are, and what they were when the journal
 * named them: if a file has changed since, its digest is no longer right.
 */
#ifndef TRACKER_WANDB_SOURCE_H
#define TRACKER_WANDB_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/entry.h"

struct wandb_source {
	char *name;                 /* as in the manifest */
	char *path;                 /* bytes */
	char *place;                /* of its copy; NULL: it has none */
	struct entry_artifact file; /* as recorded, without its names */
};

/* A zeroed struct is empty. */
struct wandb_sources {
	struct wandb_source *list;
	size_t len;
};

/* A file with an earlier name replaces the earlier file. Valid until the next
 * call. */
const struct wandb_source *wandb_sources_put(struct wandb_sources *s,
    const char *name, const struct entry_artifact *artifact, const char *place);
/* NULL: none of that name. */
const struct wandb_source *wandb_sources_find(
    const struct wandb_sources *s, const char *name);
bool wandb_sources_have_place(const struct wandb_sources *s, const char *place);
void wandb_sources_release(struct wandb_sources *s);

#endif

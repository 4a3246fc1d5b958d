/*
 * The tags of a W&B run: those of the run, where it runs, and WANDB_TAGS; each once, and
 * none longer than W&B takes.
 */
#ifndef TRACKER_WANDB_TAGS_H
#define TRACKER_WANDB_TAGS_H

#include <stddef.h>

#include "journal/entry.h"
#include "tracker/wandb/run.h"

/* Both set run->tag_cut where one was too long. */

/* The same tag twice is one; an empty one is none. */
void wandb_tag_add(struct wandb_run *run, const char *text, size_t len);
void wandb_tags_add(struct wandb_run *run, const struct entry_start *start);

#endif

/*
 * The artifact of a run, made of the files that were listed: create, manifest,
 * the files' bytes, the manifest's bytes, commit. Called again after a failure
 * it starts from the beginning; the client IDs tell the server that it is the
 * same.
 */
#ifndef TRACKER_WANDB_ARTIFACT_H
#define TRACKER_WANDB_ARTIFACT_H

#include <stdbool.h>
#include <stddef.h>

#include "tracker/wandb/upload.h"

struct wandb_artifact {
	struct wandb_upload *upload; /* borrowed */
	struct wandb_call call;
	/* DONE: it is there, or the server refused it, which was noted. */
	void (*done)(void *data, const struct wandb_reply *reply);
	void *data;
	char *id, *manifest_id, *latest_id;
	struct wandb_manifest files; /* those that are still as listed */
	size_t at;                   /* of the one on its way */
	int fd;                      /* -1: none */
	bool settled;
};

/* Exactly one done() follows, not from within. */
void wandb_artifact_start(struct wandb_artifact *a, struct wandb_upload *upload,
    void (*done)(void *data, const struct wandb_reply *reply), void *data);
void wandb_artifact_release(struct wandb_artifact *a);

#endif

/*
 * One artifact of a run (bundle.h), made of the files that were listed: create,
 * manifest, the files' bytes, the manifest's bytes, commit. After a failure, another call
 * starts from the beginning; the client IDs tell the server that it is the same
 * artifact.
 */
#ifndef TRACKER_WANDB_ARTIFACT_H
#define TRACKER_WANDB_ARTIFACT_H

#include <stdbool.h>
#include <stddef.h>

#include "tracker/wandb/upload.h"

struct wandb_artifact {
	struct wandb_upload *upload; /* borrowed, as the next */
	const struct wandb_bundle *bundle;
	struct wandb_call call;
	/* DONE: the artifact exists, or the server refused it, which was
	 * noted. */
	void (*done)(void *data, const struct wandb_reply *reply);
	void *data;
	char *id, *manifest_id, *latest_id;
	struct wandb_manifest files; /* the files that are still as listed */
	size_t at;                   /* of the one on its way */
	int fd;                      /* -1: none */
};

/* PENDING: exactly one done() follows, but not from within this call. DONE: none
 * of its files is to be had, and each was named. BLOCKED: a file could not be
 * looked at; nothing was begun. */
enum outcome wandb_artifact_start(struct wandb_artifact *a,
    struct wandb_upload *upload, const struct wandb_bundle *bundle,
    void (*done)(void *data, const struct wandb_reply *reply), void *data,
    struct err *err);
void wandb_artifact_release(struct wandb_artifact *a);

#endif

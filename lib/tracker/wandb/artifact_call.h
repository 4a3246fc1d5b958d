/*
 * The GraphQL calls that make an artifact, in their order: create, manifest
 * (without a digest), each file, manifest again (with the digest), commit.
 * done(call, reply) follows each call; its user reads the texts of the answer.
 */
#ifndef TRACKER_WANDB_ARTIFACT_CALL_H
#define TRACKER_WANDB_ARTIFACT_CALL_H

#include "tracker/wandb/bundle.h"
#include "tracker/wandb/client.h"
#include "tracker/wandb/manifest.h"
#include "tracker/wandb/run.h"

struct wandb_artifact_what {
	const struct wandb_bundle *bundle;
	const struct wandb_manifest *files; /* those that are sent */
};

/* What is known of it so far. */
struct wandb_artifact_ids {
	const char *artifact, *manifest; /* as the server named them */
	const char *latest;              /* the version before; NULL: none */
	const char *digest; /* of the whole manifest; NULL: not yet */
};

/* Sends the same client IDs each time, so that the server recognises the
 * artifact. */
void wandb_artifact_create(struct wandb_call *call, struct wandb_client *client,
    const struct wandb_run *run, const struct wandb_artifact_what *what,
    wandb_done *done, void *data);
/* With the manifest's digest the answer has a URL for it. */
void wandb_artifact_manifest(struct wandb_call *call,
    struct wandb_client *client, const struct wandb_run *run,
    const struct wandb_artifact_ids *ids, wandb_done *done, void *data);
void wandb_artifact_file(struct wandb_call *call, struct wandb_client *client,
    const struct wandb_artifact_ids *ids, const struct wandb_file *file,
    wandb_done *done, void *data);
void wandb_artifact_commit(struct wandb_call *call, struct wandb_client *client,
    const char *id, wandb_done *done, void *data);

#endif

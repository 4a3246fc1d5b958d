#include "tracker/wandb/artifact_call.h"

#define NAME_MAX_BYTES 256

static void
put_run(struct jsonwrite *w, const struct wandb_run *run)
{
	jsonwrite_text_member(w, "entityName", run->entity);
	jsonwrite_text_member(w, "projectName", run->project);
	jsonwrite_text_member(w, "runName", run->id);
}

/* Every call has one variable, $i. */
static void
begin(struct wandb_call *call, struct jsonwrite *w, const char *query)
{
	wandb_graphql_begin(call, w, query);
	jsonwrite_open_member(w, "i", '{');
}

static void
finish(struct wandb_call *call, struct wandb_client *client,
    struct jsonwrite *w, wandb_done *done, void *data)
{
	jsonwrite_close(w, '}');
	wandb_graphql_send(call, client, w, done, data);
}

static void
put_artifact(struct jsonwrite *w, const struct wandb_run *run,
    const struct wandb_bundle *bundle, const struct wandb_manifest *files)
{
	char id[WANDB_CLIENT_ID_SIZE], digest[WANDB_MD5_HEX];
	struct buf name;

	buf_init(&name, NAME_MAX_BYTES);
	wandb_bundle_name(bundle, run, &name);
	wandb_manifest_digest(files, digest);
	put_run(w, run);
	jsonwrite_text_member(w, "artifactTypeName", wandb_bundle_type(bundle));
	jsonwrite_text_member(w, "artifactCollectionName", name.data);
	jsonwrite_open_member(w, "artifactCollectionNames", '[');
	jsonwrite_text(w, name.data);
	jsonwrite_close(w, ']');
	jsonwrite_text_member(w, "digest", digest);
	jsonwrite_text_member(w, "digestAlgorithm", "MANIFEST_MD5");
	jsonwrite_open_member(w, "aliases", '[');
	jsonwrite_open(w, '{');
	jsonwrite_text_member(w, "artifactCollectionName", name.data);
	jsonwrite_text_member(w, "alias", "latest");
	jsonwrite_close(w, '}');
	jsonwrite_close(w, ']');
	wandb_bundle_version_id(bundle, run, id);
	jsonwrite_text_member(w, "clientID", id);
	wandb_bundle_sequence_id(bundle, run, id);
	jsonwrite_text_member(w, "sequenceClientID", id);
	jsonwrite_bool_member(w, "enableDigestDeduplication", true);
	buf_release(&name);
}

void
wandb_artifact_create(struct wandb_call *call, struct wandb_client *client,
    const struct wandb_run *run, const struct wandb_artifact_what *what,
    wandb_done *done, void *data)
{
	struct jsonwrite w;

	begin(call, &w,
	    "mutation CreateArtifact($i:CreateArtifactInput!){"
	    "createArtifact(input:$i){artifact{id state "
	    "artifactSequence{latestArtifact{id}}}}}");
	put_artifact(&w, run, what->bundle, what->files);
	finish(call, client, &w, done, data);
}

void
wandb_artifact_manifest(struct wandb_call *call, struct wandb_client *client,
    const struct wandb_run *run, const struct wandb_artifact_ids *ids,
    wandb_done *done, void *data)
{
	const char *digest = ids->digest;
	struct jsonwrite w;

	begin(call, &w,
	    digest == NULL
		? "mutation CreateArtifactManifest("
		  "$i:CreateArtifactManifestInput!){"
		  "createArtifactManifest(input:$i){artifactManifest{id}}}"
		: "mutation CreateArtifactManifest("
		  "$i:CreateArtifactManifestInput!){"
		  "createArtifactManifest(input:$i){artifactManifest{id "
		  "file{uploadUrl uploadHeaders}}}}");
	jsonwrite_text_member(&w, "artifactID", ids->artifact);
	jsonwrite_text_member(&w, "baseArtifactID", ids->latest);
	jsonwrite_text_member(&w, "name", "wandb_manifest.json");
	jsonwrite_text_member(&w, "digest", digest != NULL ? digest : "");
	put_run(&w, run);
	jsonwrite_text_member(&w, "type", "FULL");
	jsonwrite_bool_member(&w, "includeUpload", digest != NULL);
	finish(call, client, &w, done, data);
}

void
wandb_artifact_file(struct wandb_call *call, struct wandb_client *client,
    const struct wandb_artifact_ids *ids, const struct wandb_file *file,
    wandb_done *done, void *data)
{
	struct jsonwrite w;

	begin(call, &w,
	    "mutation CreateArtifactFiles($i:CreateArtifactFilesInput!){"
	    "createArtifactFiles(input:$i){files{edges{node{"
	    "uploadUrl uploadHeaders}}}}}");
	jsonwrite_text_member(&w, "storageLayout", "V2");
	jsonwrite_open_member(&w, "artifactFiles", '[');
	jsonwrite_open(&w, '{');
	jsonwrite_text_member(&w, "artifactID", ids->artifact);
	jsonwrite_text_member(&w, "artifactManifestID", ids->manifest);
	jsonwrite_text_member(&w, "name", file->name);
	jsonwrite_text_member(&w, "md5", file->md5);
	jsonwrite_close(&w, '}');
	jsonwrite_close(&w, ']');
	finish(call, client, &w, done, data);
}

void
wandb_artifact_commit(struct wandb_call *call, struct wandb_client *client,
    const char *id, wandb_done *done, void *data)
{
	struct jsonwrite w;

	begin(call, &w,
	    "mutation CommitArtifact($i:CommitArtifactInput!){"
	    "commitArtifact(input:$i){artifact{id digest}}}");
	jsonwrite_text_member(&w, "artifactID", id);
	finish(call, client, &w, done, data);
}

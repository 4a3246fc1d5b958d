#include "tracker/wandb/artifact_call.h"

#define NAME_MAX_BYTES 256

static void
put_pair(struct jsonwrite *w, const char *name, const char *text)
{
	jsonwrite_key(w, name);
	jsonwrite_text(w, text);
}

static void
put_run(struct jsonwrite *w, const struct wandb_run *run)
{
	put_pair(w, "entityName", run->entity);
	put_pair(w, "projectName", run->project);
	put_pair(w, "runName", run->id);
}

/* Every call has one variable, $i. */
static void
begin(struct wandb_call *call, struct jsonwrite *w, const char *query)
{
	wandb_graphql_begin(call, w, query);
	jsonwrite_key(w, "i");
	jsonwrite_open(w, '{');
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
	put_pair(w, "artifactTypeName", wandb_bundle_type(bundle));
	put_pair(w, "artifactCollectionName", name.data);
	jsonwrite_key(w, "artifactCollectionNames");
	jsonwrite_open(w, '[');
	jsonwrite_text(w, name.data);
	jsonwrite_close(w, ']');
	put_pair(w, "digest", digest);
	put_pair(w, "digestAlgorithm", "MANIFEST_MD5");
	jsonwrite_key(w, "aliases");
	jsonwrite_open(w, '[');
	jsonwrite_open(w, '{');
	put_pair(w, "artifactCollectionName", name.data);
	put_pair(w, "alias", "latest");
	jsonwrite_close(w, '}');
	jsonwrite_close(w, ']');
	wandb_bundle_version_id(bundle, run, id);
	put_pair(w, "clientID", id);
	wandb_bundle_sequence_id(bundle, run, id);
	put_pair(w, "sequenceClientID", id);
	jsonwrite_key(w, "enableDigestDeduplication");
	jsonwrite_bool(w, true);
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
	put_pair(&w, "artifactID", ids->artifact);
	put_pair(&w, "baseArtifactID", ids->latest);
	put_pair(&w, "name", "wandb_manifest.json");
	put_pair(&w, "digest", digest != NULL ? digest : "");
	put_run(&w, run);
	put_pair(&w, "type", "FULL");
	jsonwrite_key(&w, "includeUpload");
	jsonwrite_bool(&w, digest != NULL);
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
	put_pair(&w, "storageLayout", "V2");
	jsonwrite_key(&w, "artifactFiles");
	jsonwrite_open(&w, '[');
	jsonwrite_open(&w, '{');
	put_pair(&w, "artifactID", ids->artifact);
	put_pair(&w, "artifactManifestID", ids->manifest);
	put_pair(&w, "name", file->name);
	put_pair(&w, "md5", file->md5);
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
	put_pair(&w, "artifactID", id);
	finish(call, client, &w, done, data);
}

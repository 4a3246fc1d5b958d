#include "tracker/wandb/artifact.h"

#include <errno.h>
#include <md5.h>
#include <stdlib.h>
#include <unistd.h>

#include "tracker/common/artifact_source.h"
#include "tracker/wandb/artifact_call.h"

/* Beyond it W&B wants uploads in parts, which itrack does not make. */
#define NOTE_MAX_BYTES 256
#define FILE_MAX_BYTES ((int64_t)2 * 1024 * 1024 * 1024)

static void
forget(struct wandb_artifact *a)
{
	wandb_call_cancel(&a->call);
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
	free(a->id);
	free(a->manifest_id);
	free(a->latest_id);
	wandb_manifest_release(&a->files);
	a->at = 0;
	a->id = a->manifest_id = a->latest_id = NULL;
}

void
wandb_artifact_release(struct wandb_artifact *a)
{
	if (a->upload == NULL)
		return;
	forget(a);
	wandb_call_release(&a->call);
	*a = (struct wandb_artifact){0};
}

/* Says what it lacks, by its name. */
static void
refused(struct wandb_artifact *a, const char *what, const char *why)
{
	struct buf text;

	buf_init(&text, NOTE_MAX_BYTES);
	buf_adds(&text, what);
	wandb_bundle_name(a->bundle, a->upload->run, &text);
	tracker_refused(a->upload->client->t, text.data, why);
	buf_release(&text);
}

/* A refusal costs the artifact, but not the run. */
static void
fail(struct wandb_artifact *a, const struct wandb_reply *reply)
{
	struct wandb_reply passed = *reply;

	if (reply->outcome == OUTCOME_REJECTED) {
		refused(a, "W&B refused the artifact ", reply->err.message);
		passed = (struct wandb_reply){.outcome = OUTCOME_DONE};
	}
	a->done(a->data, &passed);
}

/* Handles an answer that lacks a member that it must have. */
static void
fail_short(struct wandb_artifact *a, const char *what)
{
	struct wandb_reply reply = {.outcome = OUTCOME_REJECTED};

	err_set(&reply.err, -EPROTO, "its answer has no %s", what);
	fail(a, &reply);
}

static void
on_commit(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_artifact *a = call->data;

	if (reply->outcome != OUTCOME_DONE)
		fail(a, reply);
	else
		a->done(a->data, reply);
}

static void
on_manifest_put(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_artifact *a = call->data;

	if (reply->outcome != OUTCOME_DONE)
		fail(a, reply);
	else
		wandb_artifact_commit(
		    call, a->upload->client, a->id, on_commit, a);
}

static void
on_manifest_url(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_artifact *a = call->data;
	struct wandb_destined what = {.file = -1};
	const cJSON *file;

	if (reply->outcome != OUTCOME_DONE) {
		fail(a, reply);
		return;
	}
	file = json_at(
	    reply->data, "createArtifactManifest.artifactManifest.file");
	what.url = json_at_text(file, "uploadUrl");
	if (what.url == NULL) {
		fail_short(a, "URL for the manifest");
		return;
	}
	what.headers = json_at(file, "uploadHeaders");
	wandb_call_reset(call);
	wandb_manifest_json(&a->files, &call->body);
	wandb_put(call, a->upload->client, &what, on_manifest_put, a);
}

static void
send_manifest(struct wandb_artifact *a)
{
	unsigned char digest[WANDB_MD5_BYTES];
	char base64[WANDB_MD5_BASE64];
	const struct wandb_artifact_ids ids = {
	    a->id, a->manifest_id, a->latest_id, base64};
	MD5_CTX md5;

	wandb_call_reset(&a->call);
	wandb_manifest_json(&a->files, &a->call.body);
	MD5Init(&md5);
	MD5Update(
	    &md5, (const unsigned char *)a->call.body.data, a->call.body.len);
	MD5Final(digest, &md5);
	wandb_md5_base64(digest, base64);
	wandb_artifact_manifest(&a->call, a->upload->client, a->upload->run,
	    &ids, on_manifest_url, a);
}

static void send_file(struct wandb_artifact *a);

static void
on_file_put(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_artifact *a = call->data;

	close(a->fd);
	a->fd = -1;
	if (reply->outcome != OUTCOME_DONE) {
		struct wandb_reply named = *reply;

		err_prefix(&named.err, "%s", a->files.files[a->at].name);
		fail(a, &named);
		return;
	}
	a->at++;
	send_file(a);
}

static void
on_file_url(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_artifact *a = call->data;
	const struct wandb_file *file = &a->files.files[a->at];
	const struct wandb_source *source;
	struct wandb_reply failed = {.outcome = OUTCOME_DONE};
	struct wandb_destined what;
	const cJSON *edge, *node;

	if (reply->outcome != OUTCOME_DONE) {
		fail(a, reply);
		return;
	}
	edge = json_at(reply->data, "createArtifactFiles.files.edges.0");
	if (edge == NULL) {
		fail_short(a, "place for a file");
		return;
	}
	node = json_at(edge, "node");
	what.url = json_at_text(node, "uploadUrl");
	if (what.url == NULL) { /* the bytes are there already */
		a->at++;
		send_file(a);
		return;
	}
	source = wandb_sources_find(&a->bundle->sources, file->name);
	failed.outcome = source_open(
	    &source->file, a->upload->host, &a->fd, NULL, &failed.err);
	what.headers = json_at(node, "uploadHeaders");
	what.file = a->fd;
	what.size = file->size;
	if (failed.outcome != OUTCOME_DONE)
		fail(a, &failed);
	else
		wandb_put(call, a->upload->client, &what, on_file_put, a);
}

/* One at a time: URLs are signed for minutes, an upload may take hours. */
static void
send_file(struct wandb_artifact *a)
{
	const struct wandb_artifact_ids ids = {
	    a->id, a->manifest_id, a->latest_id, NULL};

	if (a->at == a->files.len)
		send_manifest(a);
	else
		wandb_artifact_file(&a->call, a->upload->client, &ids,
		    &a->files.files[a->at], on_file_url, a);
}

static void
on_manifest(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_artifact *a = call->data;

	if (reply->outcome != OUTCOME_DONE) {
		fail(a, reply);
		return;
	}
	a->manifest_id = json_at_text_new(
	    reply->data, "createArtifactManifest.artifactManifest.id");
	if (a->manifest_id == NULL)
		fail_short(a, "manifest");
	else
		send_file(a);
}

static void
on_created(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_artifact *a = call->data;
	const cJSON *artifact;
	struct wandb_artifact_ids ids;

	if (reply->outcome != OUTCOME_DONE) {
		fail(a, reply);
		return;
	}
	artifact = json_at(reply->data, "createArtifact.artifact");
	a->id = json_at_text_new(artifact, "id");
	a->latest_id =
	    json_at_text_new(artifact, "artifactSequence.latestArtifact.id");
	if (a->id == NULL) {
		fail_short(a, "artifact");
		return;
	}
	/* The same content is there. */
	if (json_at_is(artifact, "state", "COMMITTED")) {
		on_commit(call, reply);
		return;
	}
	ids = (struct wandb_artifact_ids){a->id, NULL, a->latest_id, NULL};
	wandb_artifact_manifest(
	    call, a->upload->client, a->upload->run, &ids, on_manifest, a);
}

/* Could it be sent? */
static enum outcome
try_file(
    struct wandb_artifact *a, const struct wandb_file *file, struct err *err)
{
	const struct wandb_source *source =
	    wandb_sources_find(&a->bundle->sources, file->name);
	enum outcome outcome;
	int fd;

	if (file->size >= FILE_MAX_BYTES) {
		err_set(err, -EFBIG,
		    "%s is larger than W&B takes in one piece (2 GiB)",
		    source->path);
		return OUTCOME_REJECTED;
	}
	outcome = source_open(&source->file, a->upload->host, &fd, NULL, err);
	if (outcome == OUTCOME_DONE)
		close(fd);
	return outcome;
}

/* A file that is gone, or has changed since it was listed and so has other bytes
 * than its digest, is left out and named. BLOCKED: one could not be looked
 * at. */
static enum outcome
list_files(struct wandb_artifact *a, struct err *err)
{
	const struct wandb_manifest *all = &a->bundle->files;

	for (size_t i = 0; i < all->len; i++) {
		const struct wandb_file *file = &all->files[i];
		struct err why = ERR_INIT;
		enum outcome outcome = try_file(a, file, &why);

		if (outcome == OUTCOME_BLOCKED) {
			err_set(err, why.code, "%s", why.message);
			return outcome;
		}
		if (outcome == OUTCOME_DONE)
			wandb_manifest_add(
			    &a->files, file->name, file->md5, file->size);
		else
			refused(a, "not in W&B's artifact ", why.message);
	}
	return OUTCOME_DONE;
}

enum outcome
wandb_artifact_start(struct wandb_artifact *a, struct wandb_upload *upload,
    const struct wandb_bundle *bundle,
    void (*done)(void *data, const struct wandb_reply *reply), void *data,
    struct err *err)
{
	if (a->upload != NULL)
		forget(a);
	a->upload = upload;
	a->bundle = bundle;
	a->fd = -1;
	a->done = done;
	a->data = data;
	wandb_bundle_say_name(bundle, upload->run, upload->client->t);
	if (list_files(a, err) != OUTCOME_DONE)
		return OUTCOME_BLOCKED;
	if (a->files.len == 0)
		return OUTCOME_DONE;
	wandb_artifact_create(&a->call, upload->client, upload->run,
	    &(struct wandb_artifact_what){bundle, &a->files}, on_created, a);
	return OUTCOME_PENDING;
}

#include "tracker/wandb/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "tracker/common/artifact_copy.h"
#include "tracker/common/artifact_source.h"

void
wandb_upload_init(struct wandb_upload *u, struct wandb_client *client,
    struct wandb_run *run, struct wandb_stream *stream, const char *host)
{
	*u = (struct wandb_upload){
	    .client = client, .run = run, .stream = stream, .fd = -1};
	u->timer.data = u;
	wandb_bundles_init(&u->bundles, run);
	if (host != NULL)
		u->host = xstrdup(host);
}

static void
put_down(struct wandb_upload *u)
{
	if (u->fd >= 0)
		close(u->fd);
	u->fd = -1;
	free(u->name);
	u->name = NULL;
	wandb_table_release(&u->table);
	u->is_table = false;
}

void
wandb_upload_release(struct wandb_upload *u)
{
	if (u->client == NULL)
		return;
	loop_timer_cancel(u->client->t->loop, &u->timer);
	wandb_call_release(&u->call);
	put_down(u);
	wandb_bundles_release(&u->bundles);
	free(u->host);
	*u = (struct wandb_upload){0};
}

static void go_on(struct wandb_upload *u);

static void
on_timer(struct loop_timer *timer)
{
	go_on(timer->data);
}

static void
go_on_later(struct wandb_upload *u)
{
	u->timer.fire = on_timer;
	loop_timer_set(u->client->t->loop, &u->timer, 0);
}

static void
answer(struct wandb_upload *u, enum outcome outcome, int64_t retry_after_ms,
    const struct err *err)
{
	struct wandb_reply reply = {.outcome = outcome,
	    .status = u->status,
	    .at_fault = u->at_fault,
	    .retry_after_ms = retry_after_ms};

	put_down(u);
	if (u->batch == NULL) {
		if (err != NULL)
			reply.err = *err;
		u->done(u->data, &reply);
		return;
	}
	if (outcome != OUTCOME_DONE)
		u->batch->done = u->at;
	u->batch = NULL;
	tracker_done(
	    u->client->t, CALL_SEND_FILES, outcome, retry_after_ms, err);
}

/* The file that is on its way. */
static const struct entry *
entry_of(const struct wandb_upload *u)
{
	return &u->batch->entries[u->at];
}

/* Under this the cursor keeps what was sent of it: "<size> <md5>". */
static char *
memory_name(const struct wandb_upload *u)
{
	return xasprintf(
	    "file %jd %s", (intmax_t)entry_of(u)->time_us, u->name);
}

static void
remember(struct wandb_upload *u, const char *md5, int64_t size)
{
	char *name = memory_name(u);
	char *text = xasprintf("%jd %s", (intmax_t)size, md5);

	tracker_remember(u->client->t, name, text);
	free(text);
	free(name);
}

static void
file_is_there(struct wandb_upload *u, const char md5[WANDB_MD5_BASE64],
    int64_t size, bool is_run_file)
{
	if (is_run_file)
		wandb_stream_uploaded(u->stream, u->name);
	if (u->is_table && is_run_file)
		wandb_table_show(&u->table, &u->run->tables);
	if (!u->is_table) {
		wandb_bundles_add(&u->bundles, entry_of(u), NULL, md5, size);
		remember(u, md5, size);
	}
	put_down(u);
	u->at++;
	go_on_later(u);
}

static void
on_put(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_upload *u = call->data;
	char md5[WANDB_MD5_BASE64];
	struct err err;

	u->status = reply->status;
	u->at_fault = reply->at_fault;

	if (reply->outcome == OUTCOME_DONE) {
		wandb_hash_end(&u->hash, md5);
		file_is_there(u, md5, u->hash.size, true);
		return;
	}
	/* The artifact is another place, which may take the file, if it is not
	 * too large. */
	if (reply->outcome == OUTCOME_REJECTED && !u->is_table &&
	    reply->status != HTTP_TOO_LARGE) {
		wandb_hash_end(&u->hash, md5);
		wandb_bundles_add(
		    &u->bundles, entry_of(u), NULL, md5, u->hash.size);
	}
	err = reply->err;
	if (reply->outcome == OUTCOME_REJECTED)
		err_prefix(&err, "%s", u->name);
	answer(u, reply->outcome, reply->retry_after_ms, &err);
}

/* No run file, but one of the artifact; a table is a run file or nothing. */
static void
do_without_run_file(struct wandb_upload *u)
{
	char md5[WANDB_MD5_BASE64];
	struct err err = ERR_INIT;

	wandb_hash_end(&u->hash, md5);
	if (u->is_table) {
		err_set(&err, -ENOTSUP, "%s: a table needs run files",
		    u->table.entry->name);
		answer(u, OUTCOME_REJECTED, 0, &err);
	} else {
		file_is_there(u, md5, u->hash.size, false);
	}
}

/* Not every server has run files. */
static void
do_without_run_files(struct wandb_upload *u, const char *why)
{
	u->no_run_files = true;
	tracker_note(u->client->t,
	    "W&B takes no run files (%s); they are in the artifact", why);
	do_without_run_file(u);
}

static void
on_run_file(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_upload *u = call->data;
	struct wandb_destined what = {.file = u->fd, .size = u->hash.size};

	if (reply->outcome == OUTCOME_REJECTED) {
		do_without_run_files(u, reply->err.message);
		return;
	}
	if (reply->outcome != OUTCOME_DONE) {
		answer(u, reply->outcome, reply->retry_after_ms, &reply->err);
		return;
	}
	/* The first file is the only one. */
	what.url =
	    json_at_text(reply->data, "createRunFiles.files.0.uploadUrl");
	if (what.url == NULL) {
		do_without_run_files(u, "its answer has no URL");
		return;
	}
	what.headers = json_at(reply->data, "createRunFiles.uploadHeaders");
	wandb_put(&u->call, u->client, &what, on_put, u);
}

static void
ask_for_url(struct wandb_upload *u)
{
	struct jsonwrite w;

	wandb_graphql_begin(&u->call, &w,
	    "mutation CreateRunFiles($entity:String!,$project:String!,"
	    "$run:String!,$files:[String!]!){createRunFiles(input:{"
	    "entityName:$entity,projectName:$project,runName:$run,"
	    "files:$files}){uploadHeaders files{name uploadUrl}}}");
	jsonwrite_text_member(&w, "entity", u->run->entity);
	jsonwrite_text_member(&w, "project", u->run->project);
	jsonwrite_text_member(&w, "run", u->run->id);
	jsonwrite_open_member(&w, "files", '[');
	jsonwrite_text(&w, u->name);
	jsonwrite_close(&w, ']');
	wandb_graphql_send(&u->call, u->client, &w, on_run_file, u);
}

/* An earlier process has sent the file: then it is listed again, but not
 * read. */
static bool
is_there_already(struct wandb_upload *u, const struct entry_artifact *artifact)
{
	char *name = memory_name(u), *end;
	const char *text = tracker_recall(u->client->t, name);
	char md5[WANDB_MD5_BASE64];
	int64_t size;

	free(name);
	if (text == NULL)
		return false;
	size = strtoll(text, &end, 10);
	if (size != artifact->size || *end != ' ' ||
	    strlen(end + 1) != WANDB_MD5_BASE64 - 1)
		return false;
	memcpy(md5, end + 1, WANDB_MD5_BASE64);
	file_is_there(u, md5, size, size <= WANDB_RUN_FILE_MAX_BYTES);
	return true;
}

static void
take_up(struct wandb_upload *u, const struct entry_artifact *artifact)
{
	struct err err = ERR_INIT;
	enum outcome outcome;

	put_down(u);
	u->name = local_copy_name(artifact->name);
	if (is_there_already(u, artifact))
		return;
	outcome = source_open(artifact, u->host, &u->fd, NULL, &err);
	if (outcome != OUTCOME_DONE) {
		answer(u, outcome, 0, &err);
	} else {
		wandb_hash_begin(&u->hash, u->fd);
		go_on_later(u);
	}
}

static void
read_on(struct wandb_upload *u)
{
	struct err err = ERR_INIT;
	int more = wandb_hash_step(&u->hash, &err);

	tracker_progress(u->client->t);
	if (more < 0) {
		answer(u, OUTCOME_BLOCKED, 0, &err);
	} else if (more > 0) {
		go_on_later(u);
	} else if (u->no_run_files ||
	    (!u->is_table && u->hash.size > WANDB_RUN_FILE_MAX_BYTES)) {
		do_without_run_file(u);
	} else {
		ask_for_url(u);
	}
}

static void
fail_table(struct wandb_upload *u, int error, const struct err *err)
{
	answer(u, wandb_table_outcome(error), 0, err);
}

/* A file without a name: it is gone with its descriptor. */
static void
take_up_table(struct wandb_upload *u, const struct entry_table *entry)
{
	struct err err = ERR_INIT;
	int error;

	put_down(u);
	u->fd = file_nameless(true, &err);
	error = u->fd < 0 ? u->fd
			  : wandb_table_begin(&u->table, entry, u->fd, &err);
	if (error < 0) {
		fail_table(u, error, &err);
		return;
	}
	u->is_table = true;
	go_on_later(u);
}

static void
write_on(struct wandb_upload *u)
{
	struct err err = ERR_INIT;
	int more = wandb_table_step(&u->table, &err);

	tracker_progress(u->client->t);
	if (more < 0) {
		fail_table(u, more, &err);
		return;
	}
	if (more == 0) {
		wandb_table_say(&u->table, u->client->t);
		u->name = xstrdup(u->table.name);
		wandb_hash_begin(&u->hash, u->fd);
	}
	go_on_later(u);
}

static void
go_on(struct wandb_upload *u)
{
	const struct entry *e;

	if (u->fd >= 0) {
		if (u->is_table && u->name == NULL)
			write_on(u);
		else
			read_on(u);
		return;
	}
	if (u->batch == NULL || u->at == u->batch->count) {
		answer(u, OUTCOME_DONE, 0, NULL);
		return;
	}
	e = &u->batch->entries[u->at];
	if (e->kind == ENTRY_ARTIFACT) {
		take_up(u, &e->artifact);
	} else if (e->kind == ENTRY_TABLE) {
		take_up_table(u, &e->table);
	} else {
		u->at++;
		go_on_later(u);
	}
}

void
wandb_upload_send(struct wandb_upload *u, struct batch *batch)
{
	u->batch = batch;
	u->at = 0;
	go_on_later(u);
}

int
wandb_upload_open_table(
    struct wandb_upload *u, const struct entry_table *entry, struct err *err)
{
	put_down(u);
	u->fd = file_nameless(true, err);
	if (u->fd < 0)
		return u->fd;
	u->is_table = true;
	u->status = 0;
	u->at_fault = false;
	wandb_table_open(&u->table, entry, u->fd);
	return 0;
}

int
wandb_upload_send_table(struct wandb_upload *u,
    void (*done)(void *data, const struct wandb_reply *reply), void *data,
    struct err *err)
{
	int result = wandb_table_close(&u->table, err);

	if (result < 0) {
		put_down(u);
		return result;
	}
	wandb_table_say(&u->table, u->client->t);
	u->batch = NULL;
	u->done = done;
	u->data = data;
	u->name = xstrdup(u->table.name);
	wandb_hash_begin(&u->hash, u->fd);
	go_on_later(u);
	return 0;
}

/* The end of a W&B run on a server, and of the runs of its experiments: the
 * artifact, the table of the experiments, then the last request of each run. A
 * call that fails is made again from where it stopped. */
#include "tracker/wandb/experiments.h"
#include "tracker/wandb/online.h"

static void
answer_finish(struct wandb_online *o, const struct wandb_reply *reply)
{
	if (reply->outcome == OUTCOME_DONE && o->start->records != NULL)
		tracker_remember(o->t, WANDB_ENDED, "yes");
	tracker_done(o->t, CALL_FINISH,
	    reply->outcome == OUTCOME_REJECTED ? OUTCOME_BLOCKED
					       : reply->outcome,
	    reply->retry_after_ms, &reply->err);
}

static void send_end(struct wandb_online *o);

static void
on_last(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_online *o = call->data;
	struct wandb_server_run *l = wandb_online_live(o, o->at);

	if (wandb_online_shrink(l, reply)) {
		wandb_stream_post(&l->stream, &o->end, on_last, o);
		return;
	}
	if (reply->outcome != OUTCOME_DONE) {
		answer_finish(o, reply);
		return;
	}
	wandb_stream_answered(&l->stream, reply);
	wandb_online_note(o, l);
	send_end(o);
}

static void
on_last_update(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_online *o = call->data;
	struct wandb_server_run *l = wandb_online_live(o, o->at);
	struct wandb_reply passed = *reply;

	if (wandb_server_run_updated(l, &passed))
		wandb_stream_post(&l->stream, &o->end, on_last, o);
	else
		answer_finish(o, &passed);
}

/* The last requests, of the experiments' runs before the run itself. */
static void
send_end(struct wandb_online *o)
{
	const struct wandb_reply done = {.outcome = OUTCOME_DONE};
	struct wandb_server_run *l;

	for (o->at = o->children->len;
	     (l = wandb_online_live(o, o->at))->stream.ended || !l->open;
	     o->at--)
		if (o->at == 0) {
			answer_finish(o, &done);
			return;
		}
	if (!l->stream.waiting && wandb_server_run_has_update(l))
		wandb_server_run_upsert(l, NULL, on_last_update, o);
	else
		wandb_stream_post(&l->stream, &o->end, on_last, o);
}

static void
on_table(void *data, const struct wandb_reply *reply)
{
	struct wandb_online *o = data;

	if (reply->outcome == OUTCOME_REJECTED)
		tracker_note(o->t, "the table of the experiments: %s",
		    reply->err.message);
	else if (reply->outcome != OUTCOME_DONE) {
		answer_finish(o, reply);
		return;
	}
	o->has_table = true;
	send_end(o);
}

static void
send_table(struct wandb_online *o)
{
	struct wandb_reply failed = {.outcome = OUTCOME_BLOCKED};

	if (wandb_upload_open_table(
		&o->upload, &wandb_experiments, &failed.err) == 0) {
		wandb_experiments_write(o->children, &o->upload.table);
		if (wandb_upload_send_table(
			&o->upload, on_table, o, &failed.err) == 0)
			return;
	}
	answer_finish(o, &failed);
}

static enum outcome make_artifacts(struct wandb_online *o, struct err *err);

static void
on_artifact(void *data, const struct wandb_reply *reply)
{
	struct wandb_online *o = data;
	struct wandb_reply blocked = {.outcome = OUTCOME_BLOCKED};

	if (reply->outcome != OUTCOME_DONE) {
		answer_finish(o, reply);
		return;
	}
	o->artifacts_made++;
	if (make_artifacts(o, &blocked.err) == OUTCOME_BLOCKED)
		answer_finish(o, &blocked);
}

/* The artifacts one after the other, and then what comes behind them. */
static enum outcome
make_artifacts(struct wandb_online *o, struct err *err)
{
	const struct wandb_bundles *b = &o->upload.bundles;
	enum outcome outcome = OUTCOME_DONE;

	while (outcome == OUTCOME_DONE && o->artifacts_made < b->len) {
		outcome = wandb_artifact_start(&o->artifact, &o->upload,
		    &b->list[o->artifacts_made], on_artifact, o, err);
		if (outcome == OUTCOME_DONE)
			o->artifacts_made++;
	}
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (o->children->len > 0 && !o->has_table)
		send_table(o);
	else
		send_end(o);
	return OUTCOME_PENDING;
}

enum outcome
wandb_online_finish(
    struct wandb_online *o, const struct run_end *end, struct err *err)
{
	wandb_children_turn(o->children, NULL);
	wandb_rows_close(&o->main.run->rows);
	if (o->main.stream.history.confirmed > o->main.stream.history.all)
		tracker_note(o->t,
		    "W&B has more rows than this run: somebody else wrote");
	o->end.exit_code = wandb_run_exit_code(end->end);
	o->end.seconds = wandb_run_seconds(o->main.run, end->ended_us);
	return make_artifacts(o, err);
}

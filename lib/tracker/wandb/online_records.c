/* Sends the records of a run to W&B: one piece after the other, each a file of
 * the run. A piece that the server calls too large is sent again as smaller
 * ones. */
#include "tracker/wandb/online.h"

static void send_next(struct wandb_online *o);

static void
on_sent(void *data, const struct wandb_reply *reply)
{
	struct wandb_online *o = data;

	if (reply->outcome == OUTCOME_DONE) {
		wandb_pieces_sent(o->pieces);
	} else if (reply->status == HTTP_TOO_LARGE) {
		wandb_pieces_too_large(o->pieces, o->t);
	} else if (reply->outcome == OUTCOME_REJECTED) {
		wandb_pieces_refused(o->pieces, o->t, reply->err.message);
	} else {
		o->pieces_done(o, reply);
		return;
	}
	send_next(o);
}

static void
send_next(struct wandb_online *o)
{
	struct wandb_reply failed = {.outcome = OUTCOME_BLOCKED};
	const struct wandb_reply done = {.outcome = OUTCOME_DONE};

	if (!wandb_pieces_is_due(o->pieces, o->last_pieces)) {
		o->pieces_done(o, &done);
		return;
	}
	if (wandb_upload_open_table(
		&o->tables, wandb_pieces_name(o->pieces), &failed.err) == 0) {
		wandb_pieces_write(o->pieces, &o->tables.table);
		if (wandb_upload_send_table(
			&o->tables, on_sent, o, &failed.err) == 0)
			return;
	}
	o->pieces_done(o, &failed);
}

void
wandb_online_send_pieces(struct wandb_online *o, bool last,
    void (*done)(struct wandb_online *o, const struct wandb_reply *reply))
{
	o->pieces_done = done;
	o->last_pieces = last;
	send_next(o);
}

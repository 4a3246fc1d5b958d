/* What becomes of a piece of the records that was sent: it is there, goes in smaller
 * ones, or without what the server does not take, which is named. */
#include <stdlib.h>

#include "base/die.h"
#include "tracker/wandb/pieces.h"

void
wandb_pieces_sent(struct wandb_pieces *p)
{
	wandb_pieces_drop(p, p->writing);
	p->number++;
	p->limit = 2 * p->limit < p->ceiling ? 2 * p->limit : p->ceiling;
	p->alone = (struct alone){0};
}

static void
halve(struct wandb_pieces *p)
{
	size_t bytes = p->written < p->limit ? p->written : p->limit;

	p->limit = bytes / 2 > 0 ? bytes / 2 : 1;
}

void
wandb_pieces_too_large(struct wandb_pieces *p, struct tracker *t)
{
	if (p->writing > 1) {
		halve(p);
		p->ceiling = p->limit;
		return;
	}
	tracker_refused(t, "a record",
	    "W&B's server refuses its row as too large: left out");
	p->refused++;
	wandb_pieces_drop(p, p->writing);
}

void
wandb_pieces_refused(struct wandb_pieces *p, struct tracker *t, const char *why)
{
	char *what = xasprintf("%zu records", p->writing);

	tracker_refused(t, what, why);
	free(what);
	p->refused += p->writing;
	wandb_pieces_drop(p, p->writing);
}

void
wandb_pieces_say(const struct wandb_pieces *p, struct tracker *t)
{
	if (p->cells_cut > 0)
		tracker_altered(t,
		    "cells of records of more than %d KiB are cut: %zu",
		    WANDB_CELL_MAX_BYTES / 1024, p->cells_cut);
	if (p->scores_left_out > 0)
		tracker_note(t,
		    "scores that are NaN or infinite: %zu; their cells are "
		    "empty",
		    p->scores_left_out);
}

/* So much less of the row is there. */
static void
say_less(struct wandb_pieces *p, struct tracker *t)
{
	char *what;

	if (p->alone.form == ALONE_WHOLE)
		return;
	what = xasprintf("%s of record %jd",
	    p->alone.form == ALONE_BARE ? "the texts" : "all cells",
	    (intmax_t)p->rows[0].number);
	tracker_refused(t, what, p->alone.why.message);
	free(what);
	p->refused++;
}

bool
wandb_pieces_answered(struct wandb_pieces *p, struct tracker *t,
    enum outcome outcome, const struct err *err)
{
	bool done = outcome == OUTCOME_DONE;

	if (p->writing > 1 && !done) {
		halve(p);
		return true;
	}
	if (p->writing == 1 && (!done || p->alone.failures > 0))
		switch (alone_answer(&p->alone, outcome, !done, err)) {
		case ALONE_THERE:
			say_less(p, t);
			break;
		case ALONE_AGAIN:
			return true;
		default:
			return false;
		}
	wandb_pieces_sent(p);
	return true;
}

/*
 * A tracker for tests: keeps nothing, or writes what it takes to a file, and
 * fails on demand.
 *
 * ITRACK_NULL_FILE   entries taken are appended to it, as in the journal
 * ITRACK_NULL        a list of outcomes, one used up by each call of open, send
 *                    and finish: done, retry, away (retry, and no connection
 *                    came about), rejected, blocked, late (PENDING,
 *                    answered a turn later), slow (after a second), hang
 *                    (PENDING, never answered),
 *                    some (takes one entry of the batch). When it is used up:
 *                    done; a last word "..." repeats the one before it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "tracker/tracker.h"

#define SLOW_MS 1000

struct null_state {
	const char *script; /* what is left of it */
	const char *before; /* the word before, for "..." */
	int fd;             /* -1: none */
	struct late_answer {
		struct loop_timer timer;
		struct tracker *tracker;
		struct batch *batch;
	} late[CALL_FINISH + 1]; /* one for each kind of call */
};

static int
null_configure(struct tracker *t, struct err *err)
{
	struct null_state *n = t->state;
	const char *file = getenv("ITRACK_NULL_FILE");

	n->fd = -1;
	n->script = getenv("ITRACK_NULL");
	if (n->script == NULL)
		n->script = "";
	if (file == NULL)
		return 0;
	n->fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	return n->fd < 0 ? err_errno(err, "ITRACK_NULL_FILE %s", file) : 0;
}

/* Is it the next word of the script? */
static bool
word_is(const char *script, const char *word)
{
	size_t len = strlen(word);

	return strncmp(script, word, len) == 0 &&
	    (script[len] == '\0' || script[len] == ',');
}

static const char *
next_word(struct null_state *n)
{
	const char *word = n->script;

	if (*word == '\0')
		return "done";
	if (word_is(word, "..."))
		return n->before != NULL ? n->before : "done";
	n->before = word;
	n->script += strcspn(word, ",");
	if (*n->script == ',')
		n->script++;
	return word;
}

static void
write_entries(struct null_state *n, const struct batch *batch)
{
	struct buf text;

	if (n->fd < 0 || batch == NULL)
		return;
	buf_init(&text, 2 * ENTRY_LINE_MAX);
	for (size_t i = 0; i < batch->done; i++)
		entry_encode(&batch->entries[i], &text);
	file_write_all(n->fd, text.data, text.len, NULL);
	buf_release(&text);
}

static void
answer(struct loop_timer *timer)
{
	struct late_answer *late = timer->data;
	struct null_state *n = late->tracker->state;

	write_entries(n, late->batch);
	tracker_done(late->tracker, (enum tracker_call)(late - n->late),
	    OUTCOME_DONE, 0, NULL);
}

static enum outcome
play(struct tracker *t, enum tracker_call call, struct batch *batch,
    struct err *err)
{
	struct null_state *n = t->state;
	const char *word = next_word(n);

	if (word_is(word, "retry")) {
		err_set(err, -EAGAIN, "null: asked to fail for now");
		return OUTCOME_RETRY;
	}
	if (word_is(word, "away")) {
		err_set(err, -ECONNREFUSED, "null: asked to be away");
		tracker_away(t);
		return OUTCOME_RETRY;
	}
	if (word_is(word, "rejected")) {
		err_set(err, -EINVAL, "null: asked to reject");
		return OUTCOME_REJECTED;
	}
	if (word_is(word, "blocked")) {
		err_set(err, -EACCES, "null: asked to block");
		return OUTCOME_BLOCKED;
	}
	if (word_is(word, "hang"))
		return OUTCOME_PENDING;
	if (word_is(word, "late") || word_is(word, "slow")) {
		struct late_answer *late = &n->late[call];

		*late = (struct late_answer){.tracker = t,
		    .batch = batch,
		    .timer = {.fire = answer, .data = late}};
		loop_timer_set(
		    t->loop, &late->timer, word[0] == 's' ? SLOW_MS : 0);
		return OUTCOME_PENDING;
	}
	if (word_is(word, "some") && batch != NULL && batch->count > 0)
		batch->done = 1;
	write_entries(n, batch);
	return OUTCOME_DONE;
}

static enum outcome
null_open(struct tracker *t, const struct run_info *run, struct err *err)
{
	(void)run;
	tracker_set_place(t, "nowhere");
	return play(t, CALL_OPEN, NULL, err);
}

static enum outcome
null_send(struct tracker *t, struct batch *batch, struct err *err)
{
	static const enum tracker_call calls[LANE_COUNT] = {
	    [LANE_METRICS] = CALL_SEND_METRICS,
	    [LANE_FILES] = CALL_SEND_FILES,
	    [LANE_RECORDS] = CALL_SEND_RECORDS,
	};

	return play(t, calls[batch->lane], batch, err);
}

static enum outcome
null_finish(struct tracker *t, const struct run_end *end, struct err *err)
{
	(void)end;
	return play(t, CALL_FINISH, NULL, err);
}

static void
null_close(struct tracker *t)
{
	struct null_state *n = t->state;

	for (int i = 0; i <= CALL_FINISH; i++)
		loop_timer_cancel(t->loop, &n->late[i].timer);
	if (n->fd >= 0)
		close(n->fd);
}

static char *
null_destination(const struct plan *plan, struct err *err)
{
	(void)plan;
	(void)err;
	return xstrdup("nowhere");
}

static void
null_examine(const struct examination *x)
{
	examine_say(x, VERDICT_GOOD, "takes everything and keeps nothing");
}

const struct tracker_ops tracker_null = {
    .about = &tracker_about_null,
    .state_size = sizeof(struct null_state),
    .deadline_ms = 4000,
    .configure = null_configure,
    .open = null_open,
    .send = null_send,
    .finish = null_finish,
    .destination = null_destination,
    .examine = null_examine,
    .close = null_close,
};

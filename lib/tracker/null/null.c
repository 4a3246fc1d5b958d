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
 * ITRACK_NULL_RECORDS  another such list, for calls of send with records;
 *                    without it these use up the first
 * ITRACK_NULL_ROWS   the rows of records that were taken are appended to it, as
 *                    JSON; without it they are not read
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "format/jsonwrite.h"
#include "tracker/common/rows.h"
#include "tracker/tracker.h"

#define SLOW_MS 1000
/* The rows of one batch, with their inputs and outputs. */
#define ROWS_TEXT_MAX ((size_t)512 * 1024 * 1024)

struct null_state {
	struct script {
		const char *left;   /* NULL: there is none */
		const char *before; /* the word before, for "..." */
	} calls, records;
	int fd, rows_fd;                 /* -1: none */
	const struct entry_start *start; /* once it is open */
	struct late_answer {
		struct loop_timer timer;
		struct tracker *tracker;
		struct batch *batch;
	} late[CALL_FINISH + 1]; /* one for each kind of call */
};

/* -1: the variable names no file that can be written. */
static int
open_named_by(const char *variable)
{
	const char *file = getenv(variable);

	return file == NULL
	    ? -1
	    : open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static int
null_configure(struct tracker *t, struct err *err)
{
	struct null_state *n = t->state;

	n->calls.left = getenv("ITRACK_NULL");
	if (n->calls.left == NULL)
		n->calls.left = "";
	n->records.left = getenv("ITRACK_NULL_RECORDS");
	n->fd = open_named_by("ITRACK_NULL_FILE");
	if (n->fd < 0 && getenv("ITRACK_NULL_FILE") != NULL)
		return err_errno(err, "ITRACK_NULL_FILE");
	n->rows_fd = open_named_by("ITRACK_NULL_ROWS");
	return 0;
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
next_word(struct script *script)
{
	const char *word = script->left;

	if (*word == '\0')
		return "done";
	if (word_is(word, "..."))
		return script->before != NULL ? script->before : "done";
	script->before = word;
	script->left += strcspn(word, ",");
	if (*script->left == ',')
		script->left++;
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
write_row(struct buf *text, const struct row *row)
{
	struct jsonwrite w;
	char id[2 * ROW_TRACE_ID_BYTES + 1];

	for (size_t i = 0; i < ROW_TRACE_ID_BYTES; i++)
		snprintf(id + 2 * i, 3, "%02x", row->trace_id[i]);
	jsonwrite_init(&w, text, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	jsonwrite_int_member(&w, "number", row->number);
	jsonwrite_int_member(&w, "experiment", row->experiment);
	jsonwrite_text_member(&w, "trace_id", id);
	jsonwrite_text_member(&w, "model", row->model);
	jsonwrite_text_member(&w, "probe", row->probe);
	jsonwrite_text_member(&w, "example_id", row->example_id);
	jsonwrite_text_member(&w, "status", row->status);
	jsonwrite_text_member(&w, "error_type", row->error_type);
	jsonwrite_text_member(&w, "input_digest", row->input_digest);
	jsonwrite_text_member(&w, "output_text", row->output_text);
	jsonwrite_text_member(&w, "error", row->error);
	jsonwrite_bool_member(&w, "observed", row->observed);
	jsonwrite_int_member(&w, "end_us", row->end_us);
	if (row->input.type != JSON_NONE) {
		jsonwrite_key(&w, "input");
		jsonwrite_span(&w, &row->input);
	}
	if (row->reference.type != JSON_NONE) {
		jsonwrite_key(&w, "reference");
		jsonwrite_span(&w, &row->reference);
	}
	jsonwrite_close(&w, '}');
	buf_addc(text, '\n');
}

static enum outcome
take_rows(struct tracker *t, const struct batch *batch, struct err *err)
{
	struct null_state *n = t->state;
	struct rows rows;
	enum outcome outcome;
	struct buf text;

	if (n->rows_fd < 0)
		return OUTCOME_DONE;
	outcome = rows_open(&rows, n->start, &batch->entries[0], err);
	if (outcome != OUTCOME_DONE)
		return outcome;
	buf_init(&text, ROWS_TEXT_MAX);
	for (size_t i = 0; i < rows.len; i++) {
		struct row row;

		rows_get(&rows, i, &row);
		write_row(&text, &row);
		row_release(&row);
	}
	rows_release(&rows);
	file_write_all(n->rows_fd, text.data, text.len, NULL);
	buf_release(&text);
	return OUTCOME_DONE;
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
	bool records = call == CALL_SEND_RECORDS && n->records.left != NULL;
	const char *word = next_word(records ? &n->records : &n->calls);

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
	if (call == CALL_SEND_RECORDS && !word_is(word, "some")) {
		enum outcome outcome = take_rows(t, batch, err);

		if (outcome != OUTCOME_DONE)
			return outcome;
	}
	if (word_is(word, "some") && batch != NULL && batch->count > 0)
		batch->done = 1;
	write_entries(n, batch);
	return OUTCOME_DONE;
}

static enum outcome
null_open(struct tracker *t, const struct run_info *run, struct err *err)
{
	struct null_state *n = t->state;

	n->start = run->start;
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
	if (n->rows_fd >= 0)
		close(n->rows_fd);
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

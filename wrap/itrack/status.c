/* itrack status: attempts, their run directory, state, and what each tracker
 * has of them. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "format/jsonwrite.h"
#include "format/text.h"
#include "journal/index.h"
#include "journal/state.h"
#include "wrap/attempt/past.h"
#include "wrap/itrack/command.h"
#include "wrap/itrack/print.h"
#include "journal/list.h"

/* All of it is made before it is printed. */
struct status {
	char *state_dir;
	bool json;
	struct buf text;
	struct jsonwrite w;
	size_t count;
	bool failed;
};

/* One attempt as both forms show it. */
struct row {
	const char *attempt, *run_id, *run_dir;
	const char *state;      /* running, interrupted, pending, delivered */
	const char *run_status; /* NULL: not ended */
	int64_t started_us;
	uint64_t rejected; /* by all trackers, of one that is delivered */
};

static void
begin_row(struct status *s, const struct row *row)
{
	char time[CLOCK_ISO_LOCAL_SIZE];

	s->count++;
	clock_iso_local(time, row->started_us);
	if (!s->json) {
		buf_addf(&s->text, "%s  %-11s  ", row->attempt, row->state);
		text_escape(&s->text, row->run_id != NULL ? row->run_id : "-");
		if (row->run_status != NULL)
			buf_addf(&s->text, " %s", row->run_status);
		if (row->rejected > 0)
			buf_addf(&s->text, ", %llu rejected",
			    (unsigned long long)row->rejected);
		buf_adds(&s->text, "\n    ");
		text_escape(&s->text, row->run_dir);
		buf_addc(&s->text, '\n');
		return;
	}
	jsonwrite_open(&s->w, '{');
	jsonwrite_text_member(&s->w, "attempt", row->attempt);
	jsonwrite_text_member(&s->w, "state", row->state);
	jsonwrite_text_member(&s->w, "run_id", row->run_id);
	jsonwrite_text_member(&s->w, "run_dir", row->run_dir);
	jsonwrite_text_member(&s->w, "status", row->run_status);
	jsonwrite_text_member(&s->w, "started_at", time);
	jsonwrite_int_member(&s->w, "rejected", (int64_t)row->rejected);
	jsonwrite_key(&s->w, "trackers");
	jsonwrite_open(&s->w, '[');
}

static void
end_row(struct status *s)
{
	if (!s->json)
		return;
	jsonwrite_close(&s->w, ']');
	jsonwrite_close(&s->w, '}');
}

/* `c`: how much it has; NULL: not known any more, or not yet. */
static void
put_tracker(struct status *s, const char *tracker, const char *state,
    const char *place, const struct cursor *c)
{
	if (!s->json) {
		buf_addf(&s->text, "    %s: %s", tracker, state);
		if (c != NULL && c->rejected > 0)
			buf_addf(&s->text, ", %llu rejected",
			    (unsigned long long)c->rejected);
		if (place != NULL && place[0] != '\0') {
			buf_adds(&s->text, ": ");
			text_escape(&s->text, place);
		}
		buf_addc(&s->text, '\n');
		return;
	}
	jsonwrite_open(&s->w, '{');
	jsonwrite_text_member(&s->w, "tracker", tracker);
	jsonwrite_text_member(&s->w, "state", state);
	jsonwrite_text_member(&s->w, "place", place);
	if (c != NULL) {
		jsonwrite_int_member(&s->w, "delivered", (int64_t)c->delivered);
		jsonwrite_int_member(&s->w, "rejected", (int64_t)c->rejected);
	}
	jsonwrite_close(&s->w, '}');
}

static void
pending_tracker(
    struct status *s, const char *attempt, const struct target *target)
{
	struct cursor c;
	struct err err = ERR_INIT;

	if (cursor_read(s->state_dir, attempt, target->tracker, &c, &err) < 0) {
		put_tracker(
		    s, target->tracker, "unreadable", err.message, NULL);
		return;
	}
	put_tracker(s, target->tracker,
	    c.finished     ? "delivered"
		: c.opened ? "started"
			   : "waiting",
	    c.place, &c);
	cursor_release(&c);
}

static const char *
state_of(const struct entry_start *start, const struct attempt_past *past)
{
	if (start->open != NULL && !past->ended)
		return "open";
	if (journals_is_live(start))
		return "running";
	return past->ended ? "pending" : "interrupted";
}

/* Names and texts of others are in it. */
static void
refuse(struct status *s, const char *attempt, const struct err *err)
{
	struct buf line;

	buf_init(&line, SIZE_MAX / 2);
	if (attempt != NULL) {
		text_escape(&line, attempt);
		buf_adds(&line, ": ");
	}
	text_escape(&line, err->message);
	fprintf(stderr, "itrack status: %s\n", line.data);
	buf_release(&line);
	s->failed = true;
}

static bool
each_pending(const char *attempt, void *data)
{
	struct status *s = data;
	struct attempt_past past;
	struct entry start;
	struct err err = ERR_INIT;
	struct row row = {.attempt = attempt};

	if (attempt_past_peek(s->state_dir, attempt, &past, &start, &err) < 0) {
		refuse(s, attempt, &err);
		return true;
	}
	row.run_id = past.run_id;
	row.run_dir = start.start.run_dir;
	row.started_us = start.time_us;
	row.run_status = past.ended ? run_status_name(past.status) : NULL;
	row.state = state_of(&start.start, &past);
	begin_row(s, &row);
	for (size_t i = 0; i < start.start.target_len; i++)
		pending_tracker(s, attempt, &start.start.targets[i]);
	end_row(s);
	attempt_past_release(&past);
	entry_release(&start);
	return true;
}

static bool
each_indexed(const struct index_entry *e, void *data)
{
	struct status *s = data;
	struct row row = {.attempt = e->attempt,
	    .run_id = e->run_id,
	    .run_dir = e->run_dir,
	    .state = "delivered",
	    .run_status = run_status_name(e->status),
	    .started_us = e->started_us,
	    .rejected = e->rejected};

	begin_row(s, &row);
	for (size_t i = 0; i < e->place_len; i++)
		put_tracker(
		    s, e->places[i].name, "delivered", e->places[i].text, NULL);
	end_row(s);
	return true;
}

static int
status_run(const struct options *options)
{
	struct status s = {.state_dir = journal_state_dir(),
	    .json = options_given(options, OPT_JSON)};
	struct err err = ERR_INIT;

	if (options->argument_count > 0)
		return command_usage(&command_status, "takes no arguments");
	if (s.state_dir == NULL)
		return command_usage(&command_status,
		    "neither XDG_STATE_HOME nor HOME names a directory");
	if (s.json) {
		print_json_begin(&s.w, &s.text);
		jsonwrite_key(&s.w, "attempts");
		jsonwrite_open(&s.w, '[');
	} else {
		buf_init(&s.text, SIZE_MAX / 2);
	}
	if (index_each(s.state_dir, each_indexed, &s, &err) < 0)
		refuse(&s, NULL, &err);
	if (state_each(s.state_dir, each_pending, &s, &err) < 0)
		refuse(&s, NULL, &err);
	if (s.json) {
		jsonwrite_close(&s.w, ']');
		print_json_end(&s.w, &s.text);
	} else {
		if (s.count == 0)
			buf_adds(&s.text, "no attempts\n");
		fwrite(s.text.data, 1, s.text.len, stdout);
		buf_release(&s.text);
	}
	free(s.state_dir);
	return s.failed ? STATUS_FAILURE : STATUS_OK;
}

const struct command command_status = {
    .name = "status",
    .program = PROGRAM_STATUS,
    .usage = "itrack status [--json]",
    .about = "show attempts and what each tracker has of them",
    .run = status_run,
};

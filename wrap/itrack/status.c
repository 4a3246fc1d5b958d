/* itrack status: what is open or pending, why and how far it is, then the attempts
 * that were delivered last. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "format/jsonwrite.h"
#include "format/text.h"
#include "journal/index.h"
#include "journal/health.h"
#include "journal/state_dir.h"
#include "tracker/common/display.h"
#include "tracker/tracker.h"
#include "wrap/attempt/past.h"
#include "wrap/itrack/command.h"
#include "wrap/itrack/print.h"

/* Of those that are delivered so many are shown without --all. */
#define LAST_SHOWN 10

/* All of it is made before it is printed. */
struct status {
	char *state_dir;
	const char *project; /* NULL: every one */
	bool json;
	struct buf text;
	struct jsonwrite w;
	size_t unfinished;         /* and nobody is at work on it */
	size_t pending, delivered; /* that there are */
	size_t at, from;           /* of those that are delivered */
	bool failed;
};

/* One attempt as both forms show it. */
struct row {
	const char *attempt, *run_id, *run_dir, *project;
	const char *name; /* NULL: not known */
	const char *state;
	const char *run_status; /* NULL: not ended */
	int64_t started_us;
	int64_t records;   /* so far, of one that is not delivered; else -1 */
	uint64_t rejected; /* by all trackers, of one that is delivered */
};

static bool
is_wanted(const struct status *s, const char *project)
{
	return s->project == NULL ||
	    (project != NULL && strcmp(project, s->project) == 0);
}

static void
add_records(struct status *s, const struct row *row)
{
	if (row->records >= 0 && row->run_status == NULL)
		buf_addf(&s->text, ", %lld record%s so far",
		    (long long)row->records, row->records == 1 ? "" : "s");
	else if (row->records >= 0)
		buf_addf(&s->text, ", %lld record%s", (long long)row->records,
		    row->records == 1 ? "" : "s");
}

static void
begin_row(struct status *s, const struct row *row)
{
	char time[CLOCK_ISO_LOCAL_SIZE];

	clock_iso_local(time, row->started_us);
	if (!s->json) {
		buf_addf(&s->text, "%s  %-11s  ", row->attempt, row->state);
		if (row->name != NULL) {
			text_escape(&s->text, row->name);
			buf_addc(&s->text, ' ');
		}
		text_escape(&s->text, row->run_id != NULL ? row->run_id : "-");
		if (row->run_status != NULL)
			buf_addf(&s->text, " %s", row->run_status);
		add_records(s, row);
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
	jsonwrite_text_member(&s->w, "name", row->name);
	jsonwrite_text_member(&s->w, "run_dir", row->run_dir);
	jsonwrite_text_member(&s->w, "project", row->project);
	jsonwrite_text_member(&s->w, "status", row->run_status);
	jsonwrite_text_member(&s->w, "started_at", time);
	if (row->records >= 0)
		jsonwrite_int_member(&s->w, "record_count", row->records);
	jsonwrite_int_member(&s->w, "rejected", (int64_t)row->rejected);
	jsonwrite_open_member(&s->w, "trackers", '[');
}

static void
end_row(struct status *s)
{
	if (!s->json)
		return;
	jsonwrite_close(&s->w, ']');
	jsonwrite_close(&s->w, '}');
}

/* The state of a tracker that a process is at work on, and whose output is made
 * anew from the journal after an interruption: its cursor tells only when it has
 * all of it. */
#define UNCOUNTED "uncounted"

/* What one tracker has of an attempt. */
struct share {
	const char *tracker, *state, *place;
	const char *why;        /* it has no more; NULL: not said */
	const struct cursor *c; /* NULL: not known any more, or not yet */
	uint64_t entries;       /* in the journal */
};

static uint64_t
missing(const struct share *share)
{
	uint64_t taken = share->c->delivered + share->c->rejected;

	return share->entries > taken ? share->entries - taken : 0;
}

static void
add_share_text(struct status *s, const struct share *share)
{
	buf_addf(&s->text, "    %s: %s", share->tracker, share->state);
	if (strcmp(share->state, UNCOUNTED) == 0)
		buf_adds(&s->text, " until all is there");
	else if (share->c != NULL && !share->c->finished)
		buf_addf(&s->text, ", %llu of %llu entries",
		    (unsigned long long)share->c->delivered,
		    (unsigned long long)share->entries);
	if (share->c != NULL && share->c->rejected > 0)
		buf_addf(&s->text, ", %llu rejected",
		    (unsigned long long)share->c->rejected);
	if (share->place != NULL && share->place[0] != '\0') {
		buf_adds(&s->text, ": ");
		text_escape(&s->text, share->place);
	}
	if (share->why != NULL) {
		buf_adds(&s->text, ": ");
		text_escape(&s->text, share->why);
	}
	buf_addc(&s->text, '\n');
}

static void
put_share(struct status *s, const struct share *share)
{
	if (!s->json) {
		add_share_text(s, share);
		return;
	}
	jsonwrite_open(&s->w, '{');
	jsonwrite_text_member(&s->w, "tracker", share->tracker);
	jsonwrite_text_member(&s->w, "state", share->state);
	jsonwrite_text_member(&s->w, "place", share->place);
	if (share->c != NULL) {
		jsonwrite_int_member(
		    &s->w, "delivered", (int64_t)share->c->delivered);
		jsonwrite_int_member(
		    &s->w, "rejected", (int64_t)share->c->rejected);
		jsonwrite_int_member(&s->w, "pending", (int64_t)missing(share));
		jsonwrite_text_member(&s->w, "why", share->why);
	}
	jsonwrite_close(&s->w, '}');
}

static const char *
share_state(const char *tracker, const struct cursor *c, bool live)
{
	const struct tracker_ops *ops = tracker_find(tracker);

	if (c->finished)
		return "delivered";
	if (live && c->why == NULL && ops != NULL && ops->from_start)
		return UNCOUNTED;
	return c->opened ? "started" : "waiting";
}

static void
pending_tracker(struct status *s, const char *attempt,
    const struct target *target, uint64_t entries, bool live)
{
	struct cursor c;
	struct err err = ERR_INIT;
	struct share share = {.tracker = target->tracker, .entries = entries};

	if (cursor_read(s->state_dir, attempt, target->tracker, &c, &err) < 0) {
		share.state = "unreadable";
		share.why = err.message;
		put_share(s, &share);
		return;
	}
	share.state = share_state(target->tracker, &c, live);
	share.c = &c;
	share.place = c.place;
	share.why = c.finished ? NULL : c.why;
	put_share(s, &share);
	cursor_release(&c);
}

static const char *
state_of(const struct entry_start *start, const struct attempt_past *past)
{
	if (start->open != NULL && !past->ended)
		return "open";
	if (journals_is_live(start))
		return past->ended ? "delivering" : "running";
	if (past->ended)
		return "pending";
	/* By its program, which has lost its itrack. */
	return journals_is_written(start) ? "written" : "interrupted";
}

static void
refuse(struct status *s, const char *attempt, struct err *err)
{
	if (attempt != NULL)
		err_prefix(err, "%s", attempt);
	print_failure("status", err);
	s->failed = true;
}

static void
show_pending(struct status *s, const char *attempt,
    const struct attempt_past *past, const struct entry *start)
{
	char *name = display_name(&start->start, past->run_id);
	const struct row row = {
	    .attempt = attempt,
	    .run_id = past->run_id,
	    .name = name,
	    .run_dir = start->start.run_dir,
	    .project = start->start.project,
	    .state = state_of(&start->start, past),
	    .run_status = past->ended ? run_status_name(past->status) : NULL,
	    .started_us = start->time_us,
	    .records =
		start->start.source == SOURCE_LIBRARY ? -1 : past->last_step,
	};

	begin_row(s, &row);
	for (size_t i = 0; i < start->start.target_len; i++)
		pending_tracker(s, attempt, &start->start.targets[i],
		    past->entries, journals_is_live(&start->start));
	end_row(s);
	s->pending++;
	s->unfinished += strcmp(row.state, "pending") == 0 ||
	    strcmp(row.state, "interrupted") == 0;
	free(name);
}

static bool
each_pending(const char *attempt, void *data)
{
	struct status *s = data;
	struct attempt_past past;
	struct entry start;
	struct err err = ERR_INIT;

	if (attempt_past_peek(s->state_dir, attempt, &past, &start, &err) < 0) {
		refuse(s, attempt, &err);
		return true;
	}
	if (is_wanted(s, start.start.project))
		show_pending(s, attempt, &past, &start);
	attempt_past_release(&past);
	entry_release(&start);
	return true;
}

static bool
count_indexed(const struct index_entry *e, void *data)
{
	struct status *s = data;

	s->delivered += is_wanted(s, e->project);
	return true;
}

static bool
each_indexed(const struct index_entry *e, void *data)
{
	struct status *s = data;
	const struct row row = {.attempt = e->attempt,
	    .run_id = e->run_id,
	    .name = e->name,
	    .run_dir = e->run_dir,
	    .project = e->project,
	    .state = "delivered",
	    .run_status = run_status_name(e->status),
	    .started_us = e->started_us,
	    .records = -1,
	    .rejected = e->rejected};

	if (!is_wanted(s, e->project) || s->at++ < s->from)
		return true;
	begin_row(s, &row);
	for (size_t i = 0; i < e->place_len; i++)
		put_share(s,
		    &(struct share){.tracker = e->places[i].name,
			.state = "delivered",
			.place = e->places[i].text});
	end_row(s);
	return true;
}

/* What is pending, then the last of those that are delivered. */
static void
show(struct status *s, bool all)
{
	struct err err = ERR_INIT;

	if (state_each(s->state_dir, each_pending, s, &err) < 0)
		refuse(s, NULL, &err);
	if (index_each(s->state_dir, count_indexed, s, &err) < 0)
		refuse(s, NULL, &err);
	if (!all && s->delivered > LAST_SHOWN)
		s->from = s->delivered - LAST_SHOWN;
	/* What can't be read was said. */
	if (!s->json && s->unfinished > 0)
		buf_adds(&s->text,
		    "itrack sync delivers what is pending or interrupted\n");
	index_each(s->state_dir, each_indexed, s, NULL);
}

static void
print_text(struct status *s)
{
	if (s->from > 0)
		buf_addf(&s->text,
		    "%zu older ones are delivered (--all shows them)\n",
		    s->from);
	if (s->pending + s->delivered == 0)
		buf_adds(&s->text, "no attempts\n");
	fwrite(s->text.data, 1, s->text.len, stdout);
	buf_release(&s->text);
}

static int
status_run(const struct options *options)
{
	struct status s = {.json = options_given(options, OPT_JSON)};
	char *project = NULL;

	if (options->argument_count > 0)
		return command_usage(&command_status, "takes no arguments");
	s.state_dir = state_dir_path();
	if (s.state_dir == NULL)
		return command_usage(&command_status,
		    "neither XDG_STATE_HOME nor HOME names a directory");
	if (options->value[OPT_PROJECT] != NULL)
		project = text_path_text(options->value[OPT_PROJECT]);
	s.project = project;
	if (s.json) {
		print_json_begin(&s.w, &s.text);
		jsonwrite_open_member(&s.w, "attempts", '[');
	} else {
		buf_init(&s.text, SIZE_MAX / 2);
	}
	show(&s, options_given(options, OPT_ALL));
	if (s.json) {
		jsonwrite_close(&s.w, ']');
		jsonwrite_int_member(&s.w, "left_out", (int64_t)s.from);
		print_json_end(&s.w, &s.text);
	} else {
		print_text(&s);
	}
	free(project);
	free(s.state_dir);
	return s.failed ? STATUS_FAILURE : STATUS_OK;
}

const struct command command_status = {
    .name = "status",
    .program = PROGRAM_STATUS,
    .usage = "itrack status [option]...",
    .about = "show what is pending and why, and what was delivered last",
    .run = status_run,
};

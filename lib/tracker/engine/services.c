/* What a tracker may call: its options, its memory, its words for the report,
 * and the answer to what was under way. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "format/text.h"
#include "tracker/engine/private.h"

/* A note is one line; a tracker that says more than a few repeats itself. */
#define NOTE_BYTES 512
#define NOTES_MAX  32

const char *
tracker_option(const struct tracker *t, const char *name)
{
	return target_option(&t->delivery->target, name);
}

struct plan
tracker_plan(const struct tracker *t, const struct entry_start *start)
{
	return (struct plan){
	    .target = &t->delivery->target,
	    .project = start->project,
	    .experiment = start->experiment_name,
	    .cwd = start->cwd,
	    .from_library = start->source == SOURCE_LIBRARY,
	};
}

void
delivery_name_destination(struct delivery *d)
{
	struct plan plan = tracker_plan(&d->tracker, d->start);
	char *run_dir, *destination;

	/* The library's runs have a place of their own, which nobody asks for
	 * a second time. */
	if (d->target.destination != NULL || plan.from_library ||
	    cursor_get(&d->cursor, CURSOR_DESTINATION) != NULL)
		return;
	run_dir = text_path_bytes(d->start->run_dir);
	plan.run_dir = run_dir;
	destination = plan_destination(&plan, NULL);
	if (destination != NULL)
		cursor_set(&d->cursor, CURSOR_DESTINATION, destination);
	free(destination);
	free(run_dir);
}

const char *
tracker_recall(const struct tracker *t, const char *name)
{
	return cursor_get(&t->delivery->cursor, name);
}

void
tracker_remember_later(struct tracker *t, const char *name, const char *text)
{
	cursor_set(&t->delivery->cursor, name, text);
}

void
tracker_remember(struct tracker *t, const char *name, const char *text)
{
	cursor_set(&t->delivery->cursor, name, text);
	t->delivery->cursor_dirty = true;
	delivery_save_cursor(t->delivery);
}

bool
tracker_records_follow(const struct tracker *t)
{
	return lane_has_others(t->delivery, LANE_RECORDS);
}

void
tracker_send_anew(struct tracker *t)
{
	delivery_begin_anew(t->delivery);
}

void
tracker_set_place(struct tracker *t, const char *place)
{
	struct cursor *c = &t->delivery->cursor;

	if (c->place != NULL && strcmp(c->place, place) == 0)
		return;
	free(c->place);
	c->place = xstrdup(place);
	t->delivery->cursor_dirty = true;
}

/* Returns false if the line was noted before, or there is no room. */
static bool
take_note(struct delivery *d, char note[NOTE_BYTES])
{
	for (size_t i = 0; i < d->note_len; i++)
		if (strcmp(d->notes[i], note) == 0)
			return false;
	if (d->note_len == NOTES_MAX)
		return false;
	if (d->note_len == NOTES_MAX - 1)
		snprintf(note, NOTE_BYTES, "(more notes were left out)");
	d->notes = xreallocarray(d->notes, d->note_len + 1, sizeof *d->notes);
	d->notes[d->note_len++] = xstrdup(note);
	return true;
}

void
tracker_note(struct tracker *t, const char *format, ...)
{
	char note[NOTE_BYTES];
	va_list ap;

	va_start(ap, format);
	vsnprintf(note, sizeof note, format, ap);
	va_end(ap);
	take_note(t->delivery, note);
}

void
tracker_altered(struct tracker *t, const char *format, ...)
{
	char note[NOTE_BYTES];
	va_list ap;

	va_start(ap, format);
	vsnprintf(note, sizeof note, format, ap);
	va_end(ap);
	if (take_note(t->delivery, note))
		buf_addf(&t->delivery->altered, "%s\n", note);
}

void
tracker_refused(struct tracker *t, const char *what, const char *why)
{
	struct delivery *d = t->delivery;

	if (d->refusal == NULL)
		d->refusal = xasprintf("%s: %s", what, why);
	buf_addf(&d->refusals, "%s: %s\n", what, why);
	tracker_note(t, "%s: %s", what, why);
}

void
tracker_set_run_id(struct tracker *t, const char *run_id)
{
	free(t->delivery->its_id);
	t->delivery->its_id = xstrdup(run_id);
}

void
tracker_needs(struct tracker *t, const char *option)
{
	t->delivery->needs = option;
}

void
tracker_stays_here(struct tracker *t)
{
	t->delivery->stays_here = true;
}

bool
tracker_write_down(const struct tracker *t)
{
	struct journal *j = t->delivery->journal;

	journal_sync(j, NULL);
	return !journal_in_memory(j) && !journal_needs_sync(j);
}

void
tracker_progress(struct tracker *t)
{
	t->delivery->progress_ms = clock_mono_ms();
	t->delivery->away_ms = 0;
}

void
tracker_away(struct tracker *t)
{
	if (t->delivery->away_ms == 0)
		t->delivery->away_ms = clock_mono_ms();
}

void
tracker_done(struct tracker *t, enum tracker_call call, enum outcome outcome,
    int64_t retry_after_ms, const struct err *err)
{
	struct delivery *d = t->delivery;

	switch (call) {
	case CALL_OPEN:
		delivery_open_done(d, outcome, retry_after_ms, err);
		break;
	case CALL_SEND_METRICS:
		lane_send_done(d, LANE_METRICS, outcome, retry_after_ms, err);
		break;
	case CALL_SEND_FILES:
		lane_send_done(d, LANE_FILES, outcome, retry_after_ms, err);
		break;
	case CALL_SEND_RECORDS:
		lane_send_done(d, LANE_RECORDS, outcome, retry_after_ms, err);
		break;
	case CALL_FINISH:
		delivery_finish_done(d, outcome, retry_after_ms, err);
		break;
	}
	delivery_pump(d);
}

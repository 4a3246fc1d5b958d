#include "tracker/wandb/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "tracker/wandb/system.h"

/* W&B's limit for a line, 10 MiB less 100 KiB. */
#define LINE_MAX_BYTES (10 * 1024 * 1024 - 100 * 1024)
#define SUMMARY_MAX    (32 * 1024 * 1024)
#define PATH_MAX_BYTES 4096
#define ROWS_NAMED_MAX 3

void
wandb_stream_init(struct wandb_stream *s, struct wandb_client *client,
    const struct wandb_run *run)
{
	const char *const parts[] = {run->entity, run->project, run->id};
	struct buf path;
	size_t i;

	*s = (struct wandb_stream){.client = client,
	    .run = run,
	    .history = {.file = "wandb-history.jsonl",
		.before = run->lines_before},
	    .events = {.file = "wandb-events.jsonl",
		.before = run->events_before},
	    .limit = WANDB_STREAM_BYTES};
	STAILQ_INIT(&s->history.list);
	STAILQ_INIT(&s->events.list);
	buf_init(&path, PATH_MAX_BYTES);
	buf_adds(&path, "/files");
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		buf_addc(&path, '/');
		http_escape(&path, parts[i], "");
	}
	buf_adds(&path, "/file_stream");
	s->path = buf_steal(&path);
}

static void
drop_lines(struct wandb_lines *lines, int64_t n)
{
	struct wandb_line *line;

	for (; n > 0 && !STAILQ_EMPTY(&lines->list); n--) {
		line = STAILQ_FIRST(&lines->list);
		STAILQ_REMOVE_HEAD(&lines->list, link);
		lines->bytes -= strlen(line->json);
		free(line->json);
		free(line);
	}
}

static void
confirm(struct wandb_lines *lines, int64_t there)
{
	lines->confirmed = there > lines->before ? there - lines->before : 0;
	drop_lines(lines, lines->confirmed);
}

void
wandb_stream_confirmed(
    struct wandb_stream *s, const struct wandb_lines_there *there)
{
	confirm(&s->history, there->history);
	confirm(&s->events, there->events);
}

static void
drop_uploaded(struct wandb_stream *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(s->uploaded[i]);
	s->uploaded_len -= n;
	if (n > 0)
		memmove(s->uploaded, s->uploaded + n,
		    s->uploaded_len * sizeof(*s->uploaded));
}

void
wandb_stream_release(struct wandb_stream *s)
{
	if (s->client == NULL)
		return;
	wandb_call_release(&s->call);
	drop_lines(&s->history, INT64_MAX);
	drop_lines(&s->events, INT64_MAX);
	drop_uploaded(s, s->uploaded_len);
	free(s->uploaded);
	free(s->path);
	*s = (struct wandb_stream){0};
}

/* Adds the values as one line. They are the same each time, so a number stands
 * for a line. */
static void
add_line(struct wandb_stream *s, struct wandb_lines *lines,
    const struct wandb_values *values)
{
	struct wandb_line *line;
	struct jsonwrite w;
	struct buf json;

	buf_init(&json, LINE_MAX_BYTES);
	jsonwrite_init(&w, &json, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	wandb_values_write(values, &w);
	jsonwrite_close(&w, '}');
	if (buf_overflowed(&json)) {
		s->lost = true;
	} else if (lines->all++ >= lines->confirmed) {
		line = xcalloc(1, sizeof(*line));
		lines->bytes += json.len;
		line->json = buf_steal(&json);
		STAILQ_INSERT_TAIL(&lines->list, line, link);
	}
	buf_release(&json);
}

void
wandb_stream_row(struct wandb_stream *s)
{
	s->summary_dirty = true;
	add_line(s, &s->history, &s->run->rows.row);
}

void
wandb_stream_event(struct wandb_stream *s, const struct entry *e)
{
	struct wandb_values values;

	wandb_values_init(&values);
	wandb_system_event(&values, s->run, e);
	add_line(s, &s->events, &values);
	wandb_values_release(&values);
}

bool
wandb_stream_has_lines(const struct wandb_stream *s)
{
	return !STAILQ_EMPTY(&s->history.list) ||
	    !STAILQ_EMPTY(&s->events.list);
}

void
wandb_stream_uploaded(struct wandb_stream *s, const char *name)
{
	s->uploaded = xreallocarray(
	    s->uploaded, s->uploaded_len + 1, sizeof(*s->uploaded));
	s->uploaded[s->uploaded_len++] = xstrdup(name);
}

bool
wandb_stream_has_news(const struct wandb_stream *s)
{
	return s->waiting || wandb_stream_has_lines(s) || s->summary_dirty ||
	    s->uploaded_len > 0;
}

static void
open_file(struct jsonwrite *w, const char *name, int64_t offset)
{
	jsonwrite_open_member(w, name, '{');
	jsonwrite_int_member(w, "offset", offset);
	jsonwrite_open_member(w, "content", '[');
}

static void
close_file(struct jsonwrite *w)
{
	jsonwrite_close(w, ']');
	jsonwrite_close(w, '}');
}

static int64_t
sent_lines(const struct wandb_stream *s)
{
	return s->history.sent + s->events.sent;
}

/* As many lines as the request has room for; the first one in it always. */
static void
put_lines(
    struct wandb_stream *s, struct wandb_lines *lines, struct jsonwrite *w)
{
	const struct wandb_line *line;

	STAILQ_FOREACH(line, &lines->list, link)
	{
		size_t len = strlen(line->json);

		if (sent_lines(s) > 0 && s->sent_bytes + len > s->limit)
			break;
		if (lines->sent++ == 0)
			open_file(
			    w, lines->file, lines->before + lines->confirmed);
		s->sent_bytes += len;
		jsonwrite_text(w, line->json);
	}
	if (lines->sent > 0)
		close_file(w);
}

static void
lines_answered(struct wandb_lines *lines)
{
	drop_lines(lines, lines->sent);
	lines->confirmed += lines->sent;
	lines->sent = 0;
}

void
wandb_stream_summary(
    const struct wandb_stream *s, const struct wandb_end *end, struct buf *json)
{
	const struct wandb_rows *rows = &s->run->rows;
	struct wandb_values all;
	struct jsonwrite inner;

	/* A table may have a metric's name: each name stands once. */
	wandb_values_init(&all);
	wandb_values_merge(&all, &rows->summary);
	wandb_values_merge(&all, &rows->final);
	wandb_values_merge(&all, &s->run->tables);
	buf_init(json, SUMMARY_MAX);
	jsonwrite_init(&inner, json, JSONWRITE_COMPACT);
	jsonwrite_open(&inner, '{');
	wandb_values_write(&all, &inner);
	wandb_values_release(&all);
	jsonwrite_open_member(&inner, "_wandb", '{');
	jsonwrite_int_member(&inner, "runtime",
	    end != NULL ? end->seconds
			: wandb_run_seconds(s->run, rows->time_us));
	jsonwrite_close(&inner, '}');
	jsonwrite_close(&inner, '}');
}

static void
put_summary(
    struct wandb_stream *s, struct jsonwrite *w, const struct wandb_end *end)
{
	struct buf json;

	wandb_stream_summary(s, end, &json);
	if (!buf_overflowed(&json)) {
		open_file(w, "wandb-summary.json", 0);
		jsonwrite_text(w, json.data);
		close_file(w);
	}
	buf_release(&json);
}

static void
put_uploaded(struct wandb_stream *s, struct jsonwrite *w)
{
	size_t i;

	s->sent_uploaded = s->uploaded_len;
	if (s->uploaded_len == 0)
		return;
	jsonwrite_open_member(w, "uploaded", '[');
	for (i = 0; i < s->uploaded_len; i++)
		jsonwrite_text(w, s->uploaded[i]);
	jsonwrite_close(w, ']');
}

/* Do the lines go without anything else? */
static bool
lines_alone(const struct wandb_stream *s)
{
	return s->apart && wandb_stream_has_lines(s);
}

static void
put_files(
    struct wandb_stream *s, struct jsonwrite *w, const struct wandb_end *end)
{
	jsonwrite_open_member(w, "files", '{');
	put_lines(s, &s->history, w);
	put_lines(s, &s->events, w);
	s->sent_summary = !s->summary_refused && !s->summary_there &&
	    (s->summary_dirty || end != NULL) && !lines_alone(s);
	if (s->sent_summary)
		put_summary(s, w, end);
	jsonwrite_close(w, '}');
	if (!lines_alone(s))
		put_uploaded(s, w);
}

static void
build(struct wandb_stream *s, const struct wandb_end *end)
{
	struct jsonwrite w;

	wandb_call_reset(&s->call);
	jsonwrite_init(&w, &s->call.body, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	s->history.sent = s->events.sent = 0;
	s->sent_bytes = 0;
	s->sent_uploaded = 0;
	s->sent_summary = false;
	if (wandb_stream_has_news(s) || end != NULL)
		put_files(s, &w, end);
	s->sent_end = end != NULL;
	if (end != NULL) {
		jsonwrite_bool_member(&w, "complete", true);
		jsonwrite_int_member(&w, "exitcode", end->exit_code);
	}
	jsonwrite_close(&w, '}');
}

void
wandb_stream_post(struct wandb_stream *s, const struct wandb_end *end,
    wandb_done *done, void *data)
{
	bool last =
	    s->history.bytes + s->events.bytes <= s->limit && !lines_alone(s);

	if (!s->waiting) {
		build(s, last ? end : NULL);
		if (s->sent_summary || s->summary_refused || s->summary_there)
			s->summary_dirty = false;
	}
	s->waiting = true;
	s->last_ms = clock_mono_ms();
	wandb_post(&s->call, s->client, s->path, done, data);
}

/* What remains of a row that is too large: its place in the order and in time. */
static char *
place_of(const char *json)
{
	static const char *const names[] = {"_step", "_timestamp", "_runtime"};
	struct err err = ERR_INIT;
	struct jsonwrite w;
	struct buf row;
	cJSON *doc;

	json_document(json, strlen(json), &doc, &err);
	buf_init(&row, PATH_MAX_BYTES);
	jsonwrite_init(&w, &row, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const cJSON *item = json_at(doc, names[i]);

		if (!cJSON_IsNumber(item))
			continue;
		jsonwrite_key(&w, names[i]);
		if (i == 0)
			jsonwrite_int(&w, (int64_t)item->valuedouble);
		else
			jsonwrite_double(&w, item->valuedouble);
	}
	jsonwrite_close(&w, '}');
	cJSON_Delete(doc);
	return buf_steal(&row);
}

/* The first line is alone in its request, and that is too large. */
static bool
leave_row_out(struct wandb_stream *s)
{
	struct wandb_lines *lines =
	    s->history.sent > 0 ? &s->history : &s->events;
	struct wandb_line *line = STAILQ_FIRST(&lines->list);
	char *place = place_of(line->json);

	if (strlen(place) >= strlen(line->json)) {
		free(place);
		return false;
	}
	tracker_refused(s->client->t, "rejected",
	    "a row is too large for the server (HTTP 413)");
	/* The report has their number; the first of them are named. */
	s->rows_refused++;
	if (s->rows_named++ < ROWS_NAMED_MAX)
		tracker_note(s->client->t,
		    "without its values: the row of %.*s",
		    (int)strcspn(place + 1, ",}"), place + 1);
	lines->bytes -= strlen(line->json) - strlen(place);
	free(line->json);
	line->json = place;
	return true;
}

bool
wandb_stream_shrink(struct wandb_stream *s)
{
	s->waiting = false;
	s->summary_dirty = s->summary_dirty || s->sent_summary;
	if (sent_lines(s) > 1) {
		s->limit = s->sent_bytes / 2;
		return true;
	}
	if (sent_lines(s) == 1 && (s->sent_summary || s->sent_uploaded > 0)) {
		s->apart = true;
		return true;
	}
	if (sent_lines(s) == 1)
		return leave_row_out(s);
	if (!s->sent_summary)
		return false;
	s->summary_refused = true;
	tracker_refused(s->client->t, "rejected",
	    "the summary is too large for the server (HTTP 413)");
	return true;
}

void
wandb_stream_answered(struct wandb_stream *s, const struct wandb_reply *reply)
{
	const cJSON *stopped = json_at(reply->data, "stopped");

	s->waiting = false;
	s->ended = s->sent_end;
	if (reply->rest_ms > 0)
		s->quiet_until_ms = clock_mono_ms() + reply->rest_ms;
	lines_answered(&s->history);
	lines_answered(&s->events);
	drop_uploaded(s, s->sent_uploaded);
	s->sent_uploaded = 0;
	if (cJSON_IsTrue(stopped))
		s->stopped = true;
}

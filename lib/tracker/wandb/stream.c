#include "tracker/wandb/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"

/* W&B's limit for a line, 10 MiB less 100 KiB. */
#define LINE_MAX_BYTES (10 * 1024 * 1024 - 100 * 1024)
#define SUMMARY_MAX    (32 * 1024 * 1024)
#define PATH_MAX_BYTES 4096

void
wandb_stream_init(struct wandb_stream *s, struct wandb_client *client,
    const struct wandb_run *run, int64_t lines_there)
{
	const char *const parts[] = {run->entity, run->project, run->id};
	struct buf path;
	size_t i;

	*s = (struct wandb_stream){
	    .client = client, .run = run, .confirmed = lines_there};
	STAILQ_INIT(&s->lines);
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
drop_lines(struct wandb_stream *s, int64_t n)
{
	struct wandb_line *line;

	for (; n > 0 && !STAILQ_EMPTY(&s->lines); n--) {
		line = STAILQ_FIRST(&s->lines);
		STAILQ_REMOVE_HEAD(&s->lines, link);
		s->line_bytes -= strlen(line->json);
		free(line->json);
		free(line);
	}
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
	drop_lines(s, INT64_MAX);
	drop_uploaded(s, s->uploaded_len);
	free(s->uploaded);
	free(s->path);
	*s = (struct wandb_stream){0};
}

void
wandb_stream_row(struct wandb_stream *s)
{
	struct wandb_line *line;
	struct jsonwrite w;
	struct buf json;

	s->summary_dirty = true;
	buf_init(&json, LINE_MAX_BYTES);
	jsonwrite_init(&w, &json, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	wandb_values_write(&s->run->rows.row, &w);
	jsonwrite_close(&w, '}');
	if (buf_overflowed(&json)) {
		s->lost = true;
		buf_release(&json);
		return;
	}
	/* The rows are the same each time, so a number stands for a row. */
	if (s->rows++ >= s->confirmed) {
		line = xcalloc(1, sizeof(*line));
		s->line_bytes += json.len;
		line->json = buf_steal(&json);
		STAILQ_INSERT_TAIL(&s->lines, line, link);
	}
	buf_release(&json);
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
	return s->waiting || !STAILQ_EMPTY(&s->lines) || s->summary_dirty ||
	    s->uploaded_len > 0;
}

static void
open_file(struct jsonwrite *w, const char *name, int64_t offset)
{
	jsonwrite_key(w, name);
	jsonwrite_open(w, '{');
	jsonwrite_key(w, "offset");
	jsonwrite_int(w, offset);
	jsonwrite_key(w, "content");
	jsonwrite_open(w, '[');
}

static void
close_file(struct jsonwrite *w)
{
	jsonwrite_close(w, ']');
	jsonwrite_close(w, '}');
}

static void
put_history(struct wandb_stream *s, struct jsonwrite *w)
{
	const struct wandb_line *line;
	size_t bytes = 0;

	s->sent_lines = 0;
	if (STAILQ_EMPTY(&s->lines))
		return;
	open_file(w, "wandb-history.jsonl", s->confirmed);
	STAILQ_FOREACH(line, &s->lines, link)
	{
		bytes += strlen(line->json);
		if (s->sent_lines > 0 && bytes > WANDB_STREAM_BYTES)
			break;
		jsonwrite_text(w, line->json);
		s->sent_lines++;
	}
	close_file(w);
}

static void
put_summary(
    struct wandb_stream *s, struct jsonwrite *w, const struct wandb_end *end)
{
	const struct wandb_rows *rows = &s->run->rows;
	struct wandb_values all;
	struct jsonwrite inner;
	struct buf json;

	/* A table may have a metric's name: each name stands once. */
	wandb_values_init(&all);
	wandb_values_merge(&all, &rows->summary);
	wandb_values_merge(&all, &rows->final);
	wandb_values_merge(&all, &s->run->tables);
	buf_init(&json, SUMMARY_MAX);
	jsonwrite_init(&inner, &json, JSONWRITE_COMPACT);
	jsonwrite_open(&inner, '{');
	wandb_values_write(&all, &inner);
	wandb_values_release(&all);
	jsonwrite_key(&inner, "_wandb");
	jsonwrite_open(&inner, '{');
	jsonwrite_key(&inner, "runtime");
	jsonwrite_int(&inner,
	    end != NULL ? end->seconds
			: wandb_run_seconds(s->run, rows->time_us));
	jsonwrite_close(&inner, '}');
	jsonwrite_close(&inner, '}');
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
	jsonwrite_key(w, "uploaded");
	jsonwrite_open(w, '[');
	for (i = 0; i < s->uploaded_len; i++)
		jsonwrite_text(w, s->uploaded[i]);
	jsonwrite_close(w, ']');
}

static void
build(struct wandb_stream *s, const struct wandb_end *end)
{
	struct jsonwrite w;

	wandb_call_reset(&s->call);
	jsonwrite_init(&w, &s->call.body, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	if (wandb_stream_has_news(s) || end != NULL) {
		jsonwrite_key(&w, "files");
		jsonwrite_open(&w, '{');
		put_history(s, &w);
		if (s->summary_dirty || end != NULL)
			put_summary(s, &w, end);
		jsonwrite_close(&w, '}');
		put_uploaded(s, &w);
	} else {
		s->sent_lines = 0;
		s->sent_uploaded = 0;
	}
	s->sent_end = end != NULL;
	if (end != NULL) {
		jsonwrite_key(&w, "complete");
		jsonwrite_bool(&w, true);
		jsonwrite_key(&w, "exitcode");
		jsonwrite_int(&w, end->exit_code);
	}
	jsonwrite_close(&w, '}');
}

void
wandb_stream_post(struct wandb_stream *s, const struct wandb_end *end,
    wandb_done *done, void *data)
{
	if (!s->waiting) {
		build(s, s->line_bytes > WANDB_STREAM_BYTES ? NULL : end);
		s->summary_dirty = false;
	}
	s->waiting = true;
	s->last_ms = clock_mono_ms();
	wandb_post(&s->call, s->client, s->path, done, data);
}

void
wandb_stream_answered(struct wandb_stream *s, const struct wandb_reply *reply)
{
	const cJSON *stopped = json_at(reply->data, "stopped");

	s->waiting = false;
	s->ended = s->sent_end;
	if (reply->rest_ms > 0)
		s->quiet_until_ms = clock_mono_ms() + reply->rest_ms;
	drop_lines(s, s->sent_lines);
	s->confirmed += s->sent_lines;
	drop_uploaded(s, s->sent_uploaded);
	s->sent_lines = 0;
	s->sent_uploaded = 0;
	if (cJSON_IsTrue(stopped))
		s->stopped = true;
}

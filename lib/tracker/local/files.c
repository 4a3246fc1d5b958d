#include "tracker/local/files.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/die.h"
#include "tracker/common/place.h"

static void
write_time(struct jsonwrite *w, const char *key, int64_t wall_us)
{
	char text[CLOCK_ISO_LOCAL_SIZE];

	clock_iso_local(text, wall_us);
	jsonwrite_text_member(w, key, text);
}

void
local_write_metadata(
    struct buf *out, const struct run_info *run, const char *name)
{
	const struct entry_start *start = run->start;
	struct jsonwrite w;
	size_t i;

	jsonwrite_init(&w, out, JSONWRITE_INDENTED);
	jsonwrite_open(&w, '{');
	jsonwrite_text_member(&w, "run_id", name);
	jsonwrite_text_member(&w, "run_name",
	    start->run_name != NULL ? start->run_name : place_run_id(run));
	jsonwrite_text_member(&w, "project", start->project);
	jsonwrite_open_member(&w, "tags", '[');
	for (i = 0; i < start->tag_len; i++)
		jsonwrite_text(&w, start->tags[i]);
	jsonwrite_close(&w, ']');
	jsonwrite_text_member(&w, "notes", start->notes);
	write_time(&w, "started_at", run->started_us);
	jsonwrite_close(&w, '}');
}

void
local_write_params(struct buf *out, const struct paramset *params)
{
	const struct paramset_item *item;
	struct jsonwrite w;

	jsonwrite_init(&w, out, JSONWRITE_INDENTED);
	jsonwrite_open(&w, '{');
	TAILQ_FOREACH (item, &params->list, link) {
		jsonwrite_key(&w, item->name);
		paramset_write_value(&w, &item->value);
	}
	jsonwrite_close(&w, '}');
}

void
local_write_final_state(
    struct buf *out, const struct run_end *end, uint64_t metrics_count)
{
	struct jsonwrite w;

	jsonwrite_init(&w, out, JSONWRITE_INDENTED);
	jsonwrite_open(&w, '{');
	jsonwrite_text_member(&w, "status",
	    end->end->word != NULL ? end->end->word
				   : run_status_name(end->end->status));
	write_time(&w, "ended_at", end->ended_us);
	jsonwrite_int_member(&w, "total_steps", end->end->last_step);
	jsonwrite_int_member(&w, "metrics_count", (int64_t)metrics_count);
	jsonwrite_close(&w, '}');
}

void
local_write_metrics(
    struct jsonwrite *w, const struct entry *e, const char *prefix)
{
	const struct entry_metrics *metrics = &e->metrics;
	char *name;
	size_t i;

	jsonwrite_open(w, '{');
	jsonwrite_int_member(w, "step", metrics->step);
	write_time(w, "timestamp", e->time_us);
	jsonwrite_open_member(w, "metrics", '{');
	for (i = 0; i < metrics->len; i++) {
		name = xasprintf("%s%s", prefix, metrics->list[i].name);
		jsonwrite_key(w, name);
		free(name);
		metric_write(w, &metrics->list[i]);
	}
	jsonwrite_close(w, '}');
	jsonwrite_close(w, '}');
}

void
local_write_artifact(struct jsonwrite *w, const struct entry_artifact *artifact,
    const char *path)
{
	jsonwrite_open(w, '{');
	jsonwrite_text_member(w, "name", artifact->name);
	jsonwrite_text_member(w, "type", artifact->type);
	jsonwrite_text_member(w, "path", path);
	jsonwrite_text_member(w, "original_path", artifact->path);
	jsonwrite_close(w, '}');
}

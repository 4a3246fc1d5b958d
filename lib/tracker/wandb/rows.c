#include "tracker/wandb/rows.h"

#define US_PER_SECOND 1e6
/* W&B shows no histogram of more buckets. */
#define HISTOGRAM_BUCKETS_MAX 512
/* 512 numbers twice, each with its comma. */
#define HISTOGRAM_JSON_MAX (64 * 1024)
/* Any number is shorter. */
#define NUMBER_JSON_MAX 64

void
wandb_rows_init(struct wandb_rows *rows, int64_t started_us,
    void (*closed)(const struct wandb_rows *rows, void *data), void *data)
{
	*rows = (struct wandb_rows){.closed = closed,
	    .data = data,
	    .started_us = started_us,
	    .step = -1,
	    .last_before = -1};
	wandb_values_init(&rows->row);
	wandb_values_init(&rows->summary);
	wandb_values_init(&rows->final);
}

void
wandb_rows_release(struct wandb_rows *rows)
{
	wandb_values_release(&rows->row);
	wandb_values_release(&rows->summary);
	wandb_values_release(&rows->final);
}

void
wandb_rows_close(struct wandb_rows *rows)
{
	if (!rows->open)
		return;
	wandb_values_int(&rows->row, "_step", rows->step);
	wandb_values_double(
	    &rows->row, "_timestamp", (double)rows->time_us / US_PER_SECOND);
	wandb_values_double(&rows->row, "_runtime",
	    (double)(rows->time_us - rows->started_us) / US_PER_SECOND);
	wandb_values_merge(&rows->summary, &rows->row);
	rows->closed(rows, rows->data);
	wandb_values_release(&rows->row);
	rows->open = false;
}

/* Makes the open row the one of this step. */
static void
go_to(struct wandb_rows *rows, int64_t step, int64_t time_us)
{
	if (!rows->open || step != rows->entry_step) {
		wandb_rows_close(rows);
		if (step <= rows->step) {
			rows->stepped_back = true;
			if (rows->step < INT64_MAX)
				rows->step++;
		} else {
			rows->step = step;
		}
		rows->entry_step = step;
		rows->open = true;
	}
	rows->time_us = time_us;
}

static void
put(struct wandb_rows *rows, struct wandb_values *values, const char *prefix,
    const char *name, const char *json)
{
	char *full = wandb_name(prefix, name, &rows->renamed);

	wandb_values_json(values, full, json);
	free(full);
}

static void
put_metric(struct wandb_rows *rows, struct wandb_values *values,
    const char *prefix, const struct metric *metric)
{
	struct jsonwrite w;
	struct buf json;

	buf_init(&json, NUMBER_JSON_MAX);
	jsonwrite_init(&w, &json, JSONWRITE_COMPACT);
	metric_write(&w, metric);
	put(rows, values, prefix, metric->name, json.data);
	buf_release(&json);
}

/* Where a run goes on: the steps of a program that counts anew go on as well. */
static int64_t
step_of(struct wandb_rows *rows, int64_t step)
{
	if (!rows->began && rows->last_before >= 0 && step <= rows->last_before)
		rows->shift = rows->last_before + 1;
	rows->began = true;
	return step < INT64_MAX - rows->shift ? step + rows->shift : step;
}

/* As W&B's own client, which takes no row for a step that is over. */
static bool
is_over(struct wandb_rows *rows, int64_t step)
{
	return rows->only_rising && step < rows->step;
}

static void
take_metrics(struct wandb_rows *rows, const char *prefix, const struct entry *e,
    int64_t step)
{
	const struct entry_metrics *metrics = &e->metrics;
	struct wandb_values *values =
	    metrics->summary ? &rows->final : &rows->row;
	size_t i;

	if (!metrics->summary && is_over(rows, step)) {
		rows->left_out++;
		return;
	}
	if (!metrics->summary)
		go_to(rows, step, e->time_us);
	for (i = 0; i < metrics->len; i++)
		put_metric(rows, values, prefix, &metrics->list[i]);
}

/* From `first` on, `per` buckets as one each. A bucket is known by its right
 * edge; the first one begins at the smallest value. */
static void
write_buckets(struct jsonwrite *w, const struct entry_histogram *h,
    size_t first, size_t end, size_t per)
{
	double sum;
	size_t i, k;

	jsonwrite_open(w, '{');
	jsonwrite_text_member(w, "_type", "histogram");
	jsonwrite_open_member(w, "values", '[');
	for (i = first; i < end; i += per) {
		sum = 0;
		for (k = i; k < end && k < i + per; k++)
			sum += h->counts[k];
		jsonwrite_double(w, sum);
	}
	jsonwrite_close(w, ']');
	jsonwrite_open_member(w, "bins", '[');
	jsonwrite_double(w, h->min);
	for (i = first; i < end; i += per) {
		k = i + per < end ? i + per : end;
		jsonwrite_double(w, k == end ? h->max : h->limits[k - 1]);
	}
	jsonwrite_close(w, ']');
	jsonwrite_close(w, '}');
}

static void
take_histogram(struct wandb_rows *rows, const char *prefix,
    const struct entry *e, int64_t step)
{
	const struct entry_histogram *h = &e->histogram;
	size_t first = 0, end = h->len, per;
	struct jsonwrite w;
	struct buf json;

	if (is_over(rows, step)) {
		rows->left_out++;
		return;
	}
	while (first < end && h->counts[first] == 0)
		first++;
	while (end > first && h->counts[end - 1] == 0)
		end--;
	if (first == end)
		return;
	per = (end - first + HISTOGRAM_BUCKETS_MAX - 1) / HISTOGRAM_BUCKETS_MAX;
	buf_init(&json, HISTOGRAM_JSON_MAX);
	jsonwrite_init(&w, &json, JSONWRITE_COMPACT);
	write_buckets(&w, h, first, end, per);
	go_to(rows, step, e->time_us);
	put(rows, &rows->row, prefix, h->name, json.data);
	buf_release(&json);
}

void
wandb_rows_take(struct wandb_rows *rows, const char *prefix,
    const struct entry *e, bool own_run)
{
	int64_t step = entry_step(e, own_run);

	if (e->kind == ENTRY_METRICS)
		take_metrics(rows, prefix, e,
		    e->metrics.summary ? 0 : step_of(rows, step));
	else
		take_histogram(rows, prefix, e, step_of(rows, step));
}

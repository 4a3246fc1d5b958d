#include "tracker/otlp/metrics_body.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/pb.h"
#include "format/text.h"
#include "tracker/common/otel.h"

#define SECOND_NS 1000000000
/* A label's value is a name; a longer one is cut. */
#define KEY_MAX_BYTES (64 * 1024)

/* Field numbers of the messages (opentelemetry/proto/metrics/v1). */
enum {
	METRIC_NAME = 1,
	METRIC_DESCRIPTION = 2,
	METRIC_UNIT = 3,
	METRIC_GAUGE = 5,
	METRIC_SUM = 7,
	METRIC_HISTOGRAM = 9,
	DATA_POINTS = 1,
	DATA_TEMPORALITY = 2,
	DATA_MONOTONIC = 3,
	POINT_START = 2,
	POINT_TIME = 3,
	POINT_DOUBLE = 4,
	POINT_INT = 6,
	HISTOGRAM_COUNT = 4,
	HISTOGRAM_SUM = 5,
	HISTOGRAM_BUCKETS = 6,
	HISTOGRAM_BOUNDS = 7,
	HISTOGRAM_ATTRIBUTE = 9,
	HISTOGRAM_MIN = 11,
	HISTOGRAM_MAX = 12,
};
#define CUMULATIVE 2

/* Bounds of latencies in seconds, those of the conventions' histogram of
 * durations: with fixed ones the histograms of many runs can be added. */
static const double latency_bounds[] = {0.01, 0.02, 0.04, 0.08, 0.16, 0.32,
    0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
#define LATENCY_BOUNDS (sizeof latency_bounds / sizeof latency_bounds[0])

struct otlp_series {
	RB_ENTRY(otlp_series) link;
	char *metric; /* name */
	const char *unit, *description;
	enum otlp_kind kind;
	struct buf labels; /* name, NUL, UTF-8 value, NUL, ... */
	struct otlp_point *points;
	size_t len;
};

/* By metric, so that those of one stand together. */
static int
compare(const struct otlp_series *a, const struct otlp_series *b)
{
	size_t shorter =
	    a->labels.len < b->labels.len ? a->labels.len : b->labels.len;
	int order = strcmp(a->metric, b->metric);

	if (order == 0)
		order = (int)a->kind - (int)b->kind;
	if (order == 0 && shorter > 0)
		order = memcmp(a->labels.data, b->labels.data, shorter);
	if (order == 0)
		order = (a->labels.len > b->labels.len) -
		    (a->labels.len < b->labels.len);
	return order;
}

RB_GENERATE_INTERNAL(otlp_series_tree, otlp_series, link, compare,
    static __attribute__((unused)))

void
otlp_series_init(struct otlp_all_series *all)
{
	RB_INIT(&all->tree);
	all->points = 0;
}

static void
series_free(struct otlp_series *s)
{
	buf_release(&s->labels);
	free(s->metric);
	free(s->points);
	free(s);
}

void
otlp_series_release(struct otlp_all_series *all)
{
	struct otlp_series *s, *next;

	RB_FOREACH_SAFE (s, otlp_series_tree, &all->tree, next) {
		RB_REMOVE(otlp_series_tree, &all->tree, s);
		series_free(s);
	}
	all->points = 0;
}

static struct otlp_series *
find(struct otlp_all_series *all, const struct otlp_metric *metric,
    const struct otlp_labels *labels)
{
	struct otlp_series *s = xcalloc(1, sizeof *s), *there;

	s->metric = xstrdup(metric->name);
	s->unit = metric->unit;
	s->description = metric->description;
	s->kind = metric->kind;
	buf_init(&s->labels, KEY_MAX_BYTES);
	for (size_t i = 0; i < labels->len; i++) {
		buf_adds(&s->labels, labels->list[i].name);
		buf_addc(&s->labels, '\0');
		text_to_utf8(&s->labels, labels->list[i].value);
		buf_addc(&s->labels, '\0');
	}
	there = RB_INSERT(otlp_series_tree, &all->tree, s);
	if (there != NULL)
		series_free(s);
	return there != NULL ? there : s;
}

void
otlp_series_add(struct otlp_all_series *all, const struct otlp_metric *metric,
    const struct otlp_labels *labels, const struct otlp_point *point)
{
	struct otlp_series *s = find(all, metric, labels);
	struct otlp_point *last = s->len > 0 ? &s->points[s->len - 1] : NULL;

	if (last == NULL ||
	    last->time_ns / SECOND_NS != point->time_ns / SECOND_NS) {
		s->points =
		    xreallocarray(s->points, s->len + 1, sizeof *s->points);
		last = &s->points[s->len++];
		all->points++;
	}
	*last = *point;
}

static void
write_labels(const struct otlp_series *s, uint32_t field, struct buf *out)
{
	const char *at = s->labels.data, *end = at + s->labels.len;

	while (at != NULL && at < end) {
		const char *value = at + strlen(at) + 1;

		otel_text(out, field, at, value);
		at = value + strlen(value) + 1;
	}
}

static void
write_times(const struct otlp_point *p, struct buf *out)
{
	pb_fixed64(out, POINT_START, (uint64_t)p->start_ns);
	pb_fixed64(out, POINT_TIME, (uint64_t)p->time_ns);
}

static void
write_number(
    const struct otlp_series *s, const struct otlp_point *p, struct buf *out)
{
	size_t at = pb_begin(out, DATA_POINTS);

	write_times(p, out);
	if (s->kind == OTLP_SUM && isfinite(p->value))
		pb_fixed64(out, POINT_INT, (uint64_t)llround(p->value));
	else
		pb_double(out, POINT_DOUBLE, p->value);
	write_labels(s, OTEL_POINT_ATTRIBUTE, out);
	pb_end(out, at);
}

/* The values that lie outside of the journal's buckets, which are bounded. */
static uint64_t
count_outside(const struct entry_histogram *h)
{
	double inside = 0;

	for (size_t i = 0; i < h->len; i++)
		inside += h->counts[i];
	return h->count > inside ? (uint64_t)(h->count - inside) : 0;
}

static bool
is_above(const struct entry_histogram *h)
{
	return h->len == 0 || h->max > h->limits[h->len - 1];
}

/* A bucket of the journal goes whole into the one that its upper end falls
 * into; it is a tenth as wide as its place. */
static void
count_latencies(
    const struct entry_histogram *h, uint64_t counts[LATENCY_BOUNDS + 1])
{
	for (size_t i = 0; i < h->len; i++) {
		size_t at = 0;

		while (at < LATENCY_BOUNDS &&
		    h->limits[i] / 1000 > latency_bounds[at])
			at++;
		counts[at] += (uint64_t)h->counts[i];
	}
	counts[is_above(h) ? LATENCY_BOUNDS : 0] += count_outside(h);
}

static void
write_buckets(const uint64_t *counts, size_t len, struct buf *out)
{
	size_t at = pb_begin(out, HISTOGRAM_BUCKETS);

	for (size_t i = 0; i < len; i++)
		for (int shift = 0; shift < 64; shift += 8)
			buf_addc(out, (char)(counts[i] >> shift));
	pb_end(out, at);
}

static void
write_latencies(const struct entry_histogram *h, struct buf *out)
{
	uint64_t counts[LATENCY_BOUNDS + 1] = {0};

	count_latencies(h, counts);
	write_buckets(counts, LATENCY_BOUNDS + 1, out);
	pb_doubles(out, HISTOGRAM_BOUNDS, latency_bounds, LATENCY_BOUNDS);
}

/* The journal's own buckets. */
static void
write_own_buckets(const struct entry_histogram *h, struct buf *out)
{
	uint64_t *counts = xcalloc(h->len + 1, sizeof *counts);

	for (size_t i = 0; i < h->len; i++)
		counts[i] = (uint64_t)h->counts[i];
	counts[is_above(h) ? h->len : 0] += count_outside(h);
	write_buckets(counts, h->len + 1, out);
	pb_doubles(out, HISTOGRAM_BOUNDS, h->limits, h->len);
	free(counts);
}

static void
write_histogram(
    const struct otlp_series *s, const struct otlp_point *p, struct buf *out)
{
	const struct entry_histogram *h = p->histogram;
	bool seconds = s->unit != NULL;
	double scale = seconds ? 1000 : 1;
	size_t at = pb_begin(out, DATA_POINTS);

	write_times(p, out);
	pb_fixed64(out, HISTOGRAM_COUNT, (uint64_t)h->count);
	pb_double(out, HISTOGRAM_SUM, h->sum / scale);
	if (seconds)
		write_latencies(h, out);
	else
		write_own_buckets(h, out);
	write_labels(s, HISTOGRAM_ATTRIBUTE, out);
	pb_double(out, HISTOGRAM_MIN, h->min / scale);
	pb_double(out, HISTOGRAM_MAX, h->max / scale);
	pb_end(out, at);
}

static void
write_points(const struct otlp_series *s, struct buf *out)
{
	for (size_t i = 0; i < s->len; i++)
		if (s->kind == OTLP_HISTOGRAM)
			write_histogram(s, &s->points[i], out);
		else
			write_number(s, &s->points[i], out);
}

/* Begins a metric; *data is what holds its points. */
static size_t
begin_metric(const struct otlp_series *s, size_t *data, struct buf *out)
{
	static const uint32_t fields[] = {[OTLP_GAUGE] = METRIC_GAUGE,
	    [OTLP_SUM] = METRIC_SUM,
	    [OTLP_HISTOGRAM] = METRIC_HISTOGRAM};
	size_t at = pb_begin(out, OTEL_ITEM);

	pb_text(out, METRIC_NAME, s->metric);
	if (s->description != NULL)
		pb_text(out, METRIC_DESCRIPTION, s->description);
	if (s->unit != NULL)
		pb_text(out, METRIC_UNIT, s->unit);
	*data = pb_begin(out, fields[s->kind]);
	return at;
}

static void
end_metric(const struct otlp_series *s, size_t at, size_t data, struct buf *out)
{
	if (s->kind != OTLP_GAUGE)
		pb_varint(out, DATA_TEMPORALITY, CUMULATIVE);
	if (s->kind == OTLP_SUM)
		pb_varint(out, DATA_MONOTONIC, 1);
	pb_end(out, data);
	pb_end(out, at);
}

void
otlp_series_write(const struct otlp_all_series *all, struct buf *out)
{
	struct otlp_all_series *tree = (struct otlp_all_series *)all;
	const struct otlp_series *before = NULL;
	struct otlp_series *s;
	size_t at = 0, data = 0;

	RB_FOREACH (s, otlp_series_tree, &tree->tree) {
		if (before == NULL || before->kind != s->kind ||
		    strcmp(before->metric, s->metric) != 0) {
			if (before != NULL)
				end_metric(before, at, data, out);
			at = begin_metric(s, &data, out);
		}
		write_points(s, out);
		before = s;
	}
	if (before != NULL)
		end_metric(before, at, data, out);
}

/* From the journal's entries to points: every METRICS entry has running values,
 * so each is a point of cumulative series. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "tracker/otlp/private.h"

#define US_NS INT64_C(1000)
#define MS_NS INT64_C(1000000)
/* Prometheus takes nothing older, unless it is told to. */
#define OLD_US    (INT64_C(3600) * 1000000)
#define TIME_SIZE 32
/* A name of the journal. */
#define NAME_MAX_BYTES (64 * 1024)

/* What the points of one entry have in common. */
struct context {
	struct otlp *o;
	struct otlp_all_series *all;
	int64_t experiment; /* ENTRY_NO_EXPERIMENT: the run as a whole */
	bool summary;
	struct otlp_point point;
	struct buf own;
	size_t nth, from, to; /* of the entry's points: those that are wanted */
	bool lacks;           /* a point of it is left out */
};

bool
otlp_is_old(const struct otlp *o, int64_t time_us)
{
	const char *wanted = tracker_option(o->tracker, "otlp-old-points");

	return o->run->start->source == SOURCE_IMPORT &&
	    (wanted == NULL || strcmp(wanted, "no") == 0) &&
	    clock_wall_us() - time_us > OLD_US;
}

/* Points of a series must not go back, and two of them must differ by a
 * receiver's unit, a millisecond. */
static struct otlp_point
point_at(const struct otlp *o, int64_t time_us)
{
	struct otlp_point p = {
	    .start_ns = o->run->started_us * US_NS,
	    .time_ns = time_us * US_NS,
	};

	if (o->last_ns > 0 && p.time_ns < o->last_ns + MS_NS)
		p.time_ns = o->last_ns + MS_NS;
	if (p.start_ns > p.time_ns)
		p.start_ns = p.time_ns;
	return p;
}

/* A run of one experiment has the experiment's values under plain names. */
static int64_t
experiment_of(const struct otlp *o, const struct entry *e)
{
	int64_t index = entry_experiment_index(e);

	if (index == ENTRY_NO_EXPERIMENT && o->experiments.len == 1)
		return 0;
	return index;
}

static bool
is_wanted(const struct context *c, const struct otlp_metric *metric)
{
	bool whole = c->experiment == ENTRY_NO_EXPERIMENT;
	bool one = c->o->experiments.len <= 1;

	/* What a run came to counts once, not as a point of a counter. */
	if (metric->kind == OTLP_SUM && c->summary)
		return false;
	switch (metric->scope) {
	case OTLP_OF_EXPERIMENT:
		return !whole || one;
	case OTLP_OF_RUN:
		return whole || one;
	default:
		return true;
	}
}

/* As people read them: {model=m, probe=p}. */
static char *
labels_text(const struct otlp_labels *labels)
{
	struct buf text;

	buf_init(&text, NAME_MAX_BYTES);
	for (size_t i = 0; i < labels->len; i++) {
		buf_adds(&text, i == 0 ? "{" : ", ");
		buf_adds(&text, labels->list[i].name);
		buf_addc(&text, '=');
		if (labels->list[i].value != NULL)
			buf_adds(&text, labels->list[i].value);
	}
	if (labels->len == 0)
		return xstrdup("");
	buf_addc(&text, '}');
	return buf_steal(&text);
}

static bool
is_left_out(
    const struct otlp *o, const char *name, const struct otlp_labels *labels)
{
	for (size_t i = 0; i < o->left_out_len; i++) {
		const struct otlp_left_out *out = &o->left_out[i];
		char *text;
		bool same;

		if (strcmp(out->name, name) != 0)
			continue;
		if (out->labels == NULL)
			return true;
		text = labels_text(labels);
		same = strcmp(out->labels, text) == 0;
		free(text);
		return same;
	}
	return false;
}

/* For the report, if the receiver refuses just this one. */
static void
note_last(struct otlp *o, const char *name, const struct otlp_labels *labels)
{
	free(o->last_name);
	free(o->last_labels);
	o->last_name = xstrdup(name);
	o->last_labels =
	    o->within && labels->len > 0 ? labels_text(labels) : NULL;
}

static void
add(struct context *c, const struct otlp_metric *metric)
{
	struct otlp_labels labels = {.len = 0};

	if (metric->name == NULL || !is_wanted(c, metric))
		return;
	if (metric->scope != OTLP_OF_RUN)
		otlp_experiment_labels(
		    &c->o->experiments, c->experiment, &labels);
	if (metric->label != NULL)
		labels.list[labels.len++] =
		    (struct otlp_label){metric->label, metric->value};
	if (is_left_out(c->o, metric->name, &labels)) {
		c->lacks = true;
		return;
	}
	if (c->nth++ < c->from || c->nth > c->to)
		return;
	note_last(c->o, metric->name, &labels);
	otlp_series_add(c->all, metric, &labels, &c->point);
}

/* The name without the prefix that the user has put before all of them; the
 * resource has it. */
static const char *
plain_name(const struct otlp *o, const char *name)
{
	const char *prefix = o->run->start->prefix;
	size_t len = prefix != NULL ? strlen(prefix) : 0;

	return len > 0 && strncmp(name, prefix, len) == 0 && name[len] != '\0'
	    ? name + len
	    : name;
}

/* Records that neither succeeded nor failed nor took too long: the rest. */
static void
add_others(struct context *c, const struct entry_metrics *m)
{
	static const char *const counts[] = {
	    "success_count", "error_count", "timeout_count"};
	double total = NAN, rest;

	for (size_t i = 0; i < m->len; i++)
		if (strcmp(plain_name(c->o, m->list[i].name), "total_count") ==
		    0)
			total = m->list[i].value;
	rest = total;
	for (size_t i = 0; i < m->len; i++)
		for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++)
			if (strcmp(plain_name(c->o, m->list[i].name),
				counts[k]) == 0)
				rest -= m->list[i].value;
	c->point.value = rest;
	if (rest > 0)
		add(c, OTLP_OTHERS);
}

static void
add_metrics(struct context *c, const struct entry_metrics *m)
{
	c->summary = m->summary;
	for (size_t i = 0; i < m->len; i++) {
		struct otlp_metric metric = otlp_metric_of(
		    plain_name(c->o, m->list[i].name), OTLP_GAUGE, &c->own);

		c->point.value = m->list[i].value;
		add(c, &metric);
	}
	add_others(c, m);
}

static void
add_histogram(struct context *c, const struct entry_histogram *h)
{
	struct otlp_metric metric =
	    otlp_metric_of(plain_name(c->o, h->name), OTLP_HISTOGRAM, &c->own);

	c->point.histogram = h;
	add(c, &metric);
	c->point.histogram = NULL;
}

/* What an entry tells beside its values must be known whether it is sent or
 * not. */
static void
take_entry(struct context *c, const struct entry *e)
{
	struct otlp *o = c->o;

	if (e->kind == ENTRY_EXPERIMENT)
		otlp_experiments_add(
		    &o->experiments, o->tracker, &e->experiment);
	else if (e->kind == ENTRY_PARAMS)
		otlp_params_add(o, &e->params);
	if ((e->kind != ENTRY_METRICS && e->kind != ENTRY_HISTOGRAM) ||
	    !otlp_sends(o, OTLP_METRICS))
		return;
	if (otlp_is_old(o, e->time_us)) {
		tracker_note(o->tracker,
		    "metrics older than an hour are not sent, because "
		    "Prometheus would refuse them: --otlp-old-points sends "
		    "them");
		return;
	}
	c->experiment = experiment_of(o, e);
	c->point = point_at(o, e->time_us);
	if (c->point.time_ns > o->next_ns)
		o->next_ns = c->point.time_ns;
	if (e->kind == ENTRY_METRICS)
		add_metrics(c, &e->metrics);
	else
		add_histogram(c, &e->histogram);
}

static void
write_all(struct otlp *o, const struct otlp_all_series *all)
{
	struct otel_frame frame;
	struct buf *body = otlp_begin(o, LANE_METRICS, &frame);

	otlp_series_write(all, body);
	otel_end(body, &frame);
	o->points = all->points;
}

void
otlp_metrics_write(struct otlp *o)
{
	struct otlp_all_series all;
	struct context c = {.o = o, .all = &all};

	otlp_series_init(&all);
	buf_init(&c.own, NAME_MAX_BYTES);
	o->next_ns = o->last_ns;
	o->lacking = 0;
	c.from = o->within ? o->from : 0;
	c.to = o->within ? o->from + o->some : SIZE_MAX;
	for (size_t i = 0; i < o->part; i++) {
		c.nth = 0;
		c.lacks = false;
		take_entry(&c, &o->batch->entries[o->at + i]);
		o->lacking += c.lacks;
	}
	o->all = c.nth;
	write_all(o, &all);
	buf_release(&c.own);
	otlp_series_release(&all);
}

void
otlp_status_write(struct otlp *o, int64_t time_us, double status)
{
	struct otlp_all_series all;
	struct otlp_labels labels = {.len = 0};
	struct otlp_point point = point_at(o, time_us);

	point.value = status;
	o->next_ns = point.time_ns;
	otlp_series_init(&all);
	otlp_series_add(&all, OTLP_RUN_STATUS, &labels, &point);
	write_all(o, &all);
	otlp_series_release(&all);
}

void
otlp_points_taken(struct otlp *o)
{
	char text[TIME_SIZE];

	o->last_ns = o->next_ns;
	snprintf(text, sizeof text, "%" PRId64, o->last_ns);
	tracker_remember_later(o->tracker, OTLP_LAST_TIME, text);
}

/* A point: the running values of the run, and of each of several experiments that
 * changed since the point before. */
#include <math.h>
#include <stdlib.h>

#include "base/die.h"
#include "mapping/private.h"

struct running_sums {
	const struct sums *scores, *usage, *errors;
};

static void
add_sums(const struct derive *d, struct entry *e, const struct numbers *names,
    const struct sums *sums, bool mean)
{
	size_t i;
	double value;

	for (i = 0; i < sums->len; i++) {
		value = mean ? sum_mean(&sums->list[i]) : sums->list[i].sum;
		if (sums->list[i].count == 0 || !isfinite(value))
			continue;
		/* With a --prefix of "scores/" two metrics can get the same
		 * name. */
		if (d->prefix[0] != '\0' && derive_is_mapped(d, names->keys[i]))
			continue;
		entry_add_metric(e, names->keys[i], value);
	}
}

/* Adds the running values of an experiment, or of the whole run. */
static void
add_running(const struct derive *d, struct entry *e, const struct tally *tally,
    const struct running_sums *sums)
{
	derive_add_mapped(d, e, "total_count", (double)tally->total_count);
	derive_add_mapped(d, e, "success_count", (double)tally->success_count);
	derive_add_mapped(d, e, "error_count", (double)tally->error_count);
	if (tally->total_count > 0)
		derive_add_mapped(
		    d, e, "success_rate", tally_success_rate(tally));
	entry_add_metric(e, "timeout_count", (double)tally->timeout_count);
	add_sums(d, e, &d->scores, sums->scores, true);
	add_sums(d, e, &d->usage, sums->usage, false);
	add_sums(d, e, &d->errors, sums->errors, false);
}

/* Adds the values that only an observer can know; in a harness, which writes
 * all records at the end, they have no meaning. */
static void
add_observed(struct derive *d, struct entry *e)
{
	double rate, latency_ms;

	observed_window(d->observed, &rate, &latency_ms);
	if (d->mapping.harness)
		return;
	d->rate = rate;
	d->observed_ms = latency_ms;
	if (rate >= 0)
		entry_add_metric(e, "observed/records_per_second", rate);
	if (latency_ms >= 0)
		entry_add_metric(e, "observed/latency_ms", latency_ms);
}

static int
compare_indexes(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

void
derive_init_experiment(const struct derive *d, struct entry *e,
    const struct experiment *x, int64_t time_us)
{
	entry_init(e, ENTRY_METRICS, time_us);
	e->metrics.step = derive_last_step(d);
	e->metrics.experiment = (int64_t)x->index;
	e->metrics.experiment_step = (int64_t)x->tally.total_count;
}

static void
emit_experiment_point(struct derive *d, const struct follow *follow)
{
	const struct experiment *x = follow->experiment;
	struct entry e;

	derive_init_experiment(d, &e, x, d->arrival_us);
	add_running(d, &e, &x->tally,
	    &(struct running_sums){
		&follow->scores, &follow->usage, &follow->errors});
	d->emit(&e, d->data);
}

void
derive_mark_changed(struct derive *d, struct follow *follow)
{
	if (follow->changed)
		return;
	follow->changed = true;
	d->changed = xgrow(
	    d->changed, d->changed_len, &d->changed_cap, sizeof d->changed[0]);
	d->changed[d->changed_len++] = follow->experiment->index;
}

void
derive_emit_point(struct derive *d)
{
	const struct mapping *m = &d->mapping;
	struct follow *follow;
	struct tally totals;
	struct entry e;
	size_t i;

	/* The first point with several experiments has the values of them
	 * all. */
	if (m->live_len > 1 && !d->separate) {
		d->separate = true;
		for (i = 0; i < m->live_len; i++)
			derive_mark_changed(
			    d, d->follows[mapping_experiment(m, i)->index]);
	}
	mapping_totals(m, &totals);
	entry_init(&e, ENTRY_METRICS, d->arrival_us);
	e.metrics.step = derive_last_step(d);
	add_running(d, &e, &totals,
	    &(struct running_sums){
		&d->score_sums, &d->usage_sums, &d->error_sums});
	add_observed(d, &e);
	d->emit(&e, d->data);
	if (d->changed_len > 1)
		qsort(d->changed, d->changed_len, sizeof d->changed[0],
		    compare_indexes);
	for (i = 0; i < d->changed_len; i++) {
		follow = d->follows[d->changed[i]];
		follow->changed = false;
		if (d->separate && !follow->experiment->retired)
			emit_experiment_point(d, follow);
	}
	d->changed_len = 0;
	d->point = m->record_count;
}

/*
 * The end of a run: emits the values of the mapping and of insideLLMs' own
 * trackers that the last point does not have, then the documents' params, then
 * the values that only an observer knows.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "mapping/groups.h"
#include "mapping/private.h"

#define BYTES_PER_KIB 1024

/* The run's experiments by both their names. */
struct end {
	struct groups models, probes;
};

static void
end_init(struct end *end, const struct mapping *m,
    const struct derive_documents *documents)
{
	groups_init(&end->models, m, GROUP_MODEL);
	groups_init(&end->probes, m, GROUP_PROBE);
	groups_read(&end->models, documents->summary, documents->summary_len);
	groups_read(&end->probes, documents->summary, documents->summary_len);
}

static void
end_release(struct end *end)
{
	groups_release(&end->models);
	groups_release(&end->probes);
}

static void
emit_late_identity(struct derive *d, const struct derive_finish *finish)
{
	const char *run_id = d->manifest.run_id;
	struct entry params;

	if (d->run_id != NULL)
		return;
	entry_init(&params, ENTRY_PARAMS, finish->time_us);
	derive_emit_run_id(
	    d, run_id != NULL ? run_id : d->dir_name, &params, finish->time_us);
	if (d->mapping.record_count == 0 && d->manifest.schema_version != NULL)
		entry_add_param_text(
		    &params, "schema_version", d->manifest.schema_version);
	d->emit(&params, d->data);
}

/* The counts and the rate. */
static void
add_counts(const struct derive *d, struct entry *e, const struct tally *tally)
{
	if (tally->total_count > 0)
		derive_add_mapped(
		    d, e, "success_rate", tally_success_rate(tally));
	derive_add_mapped(d, e, "total_count", (double)tally->total_count);
	derive_add_mapped(d, e, "success_count", (double)tally->success_count);
	derive_add_mapped(d, e, "error_count", (double)tally->error_count);
}

/* What an experiment has at its end alone, and no total has: the times of two
 * experiments are of two clocks. */
static void
add_result(const struct derive *d, struct entry *e, const struct end *end,
    const struct experiment *x)
{
	const struct group *probe = groups_find(&end->probes, x);
	double seconds;

	if (tally_duration(&x->tally, &seconds))
		derive_add_mapped(d, e, "duration_seconds", seconds);
	if (probe != NULL && probe->experiments == 1 &&
	    probe->said.accuracy.n == 1)
		derive_add_mapped(d, e, "accuracy", probe->said.accuracy.mean);
}

static void
add_finite(struct entry *e, const char *name, double value)
{
	if (isfinite(value))
		entry_add_metric(e, name, value);
}

static void
emit_totals(struct derive *d, const struct end *end, int64_t time_us)
{
	const struct mapping *m = &d->mapping;
	bool stands = m->record_count > 0;
	struct tally t;
	struct entry e;

	mapping_totals(m, &t);
	entry_init(&e, ENTRY_METRICS, time_us);
	e.metrics.step = derive_last_step(d);
	e.metrics.summary = true;
	if (!stands)
		add_counts(d, &e, &t);
	if (m->live_len == 1)
		add_result(d, &e, end, mapping_experiment(m, 0));
	if (!stands)
		entry_add_metric(&e, "timeout_count", (double)t.timeout_count);
	if (t.latency_count > 0) {
		add_finite(&e, "avg_latency_ms",
		    t.latency_sum_ms / (double)t.latency_count);
		add_finite(&e, "min_latency_ms", t.latency_min_ms);
		add_finite(&e, "max_latency_ms", t.latency_max_ms);
	}
	entry_add_metric(&e, "record_count", (double)m->record_count);
	entry_add_metric(&e, "experiment_count", (double)m->live_len);
	d->emit(&e, d->data);
}

/* "<name>", and its interval, of a group of several. */
static void
add_statistic(struct entry *e, const char *name, const struct statistic *s)
{
	if (s->n <= 1)
		return;
	entry_add_metric(e, name, s->mean);
	if (!s->has_interval)
		return;
	entry_take_metric(e, xasprintf("%s_lower", name), s->lower);
	entry_take_metric(e, xasprintf("%s_upper", name), s->upper);
}

/* The means over all experiments of its model and of its probe, beside which its
 * own values are to be seen. */
static void
add_groups(struct entry *e, const struct end *end, const struct experiment *x)
{
	const struct group *model = groups_find(&end->models, x);
	const struct group *probe = groups_find(&end->probes, x);

	if (model != NULL)
		add_statistic(
		    e, "model/success_rate", &model->said.success_rate);
	if (probe == NULL)
		return;
	add_statistic(e, "probe/success_rate", &probe->said.success_rate);
	add_statistic(e, "probe/accuracy", &probe->said.accuracy);
}

/* Of one of several: its counts stand already, in the first point after its last
 * record, and the step that its own run has there is its last. */
static void
emit_experiment_end(struct derive *d, const struct end *end,
    const struct experiment *x, int64_t time_us)
{
	struct entry e;

	derive_init_experiment(d, &e, x, time_us);
	e.metrics.summary = true;
	add_result(d, &e, end, x);
	add_groups(&e, end, x);
	if (e.metrics.len > 0)
		d->emit(&e, d->data);
	else
		entry_release(&e);
}

static void
add_param(struct entry *e, const struct param *param)
{
	if (param->value.type == VALUE_TEXT)
		entry_add_param_text(e, param->name, param->value.text);
	else
		entry_add_param_null(e, param->name);
}

static void
emit_end_params(
    struct derive *d, const struct end *end, const struct derive_finish *finish)
{
	const struct mapping *m = &d->mapping;
	const struct manifest *manifest = &d->manifest;
	struct entry e;
	size_t i;

	entry_init(&e, ENTRY_PARAMS, finish->time_us);
	if (m->harness && m->live_len == 1)
		derive_add_params(d, &e, mapping_experiment(m, 0));
	if (m->harness || manifest->harness) {
		entry_add_param_integer(&e, "model_count",
		    manifest->model_count >= 0 ? manifest->model_count
					       : (int64_t)end->models.len);
		entry_add_param_integer(&e, "probe_count",
		    manifest->probe_count >= 0 ? manifest->probe_count
					       : (int64_t)end->probes.len);
	}
	for (i = 0; manifest->has_dataset && i < MANIFEST_DATASET_LEN; i++)
		add_param(&e, &manifest->dataset[i]);
	if (finish->resumed_from != NULL)
		entry_add_param_text(&e, "resumed_from", finish->resumed_from);
	if (e.params.len > 0)
		d->emit(&e, d->data);
	else
		entry_release(&e);
}

static bool
emit_histogram(struct derive *d, const char *name, const struct histogram *h,
    int64_t time_us)
{
	struct entry e;

	entry_init(&e, ENTRY_HISTOGRAM, time_us);
	if (histogram_fill(h, &e.histogram) < 0) {
		entry_release(&e);
		return false;
	}
	e.histogram.name = xstrdup(name);
	e.histogram.step = derive_last_step(d);
	d->emit(&e, d->data);
	return true;
}

static void
emit_receipts(struct derive *d, const struct derive_finish *finish)
{
	static const struct {
		const char *name;
		double share;
	} quantiles[] = {
	    {"calls/min_latency_ms", 0},
	    {"calls/latency_p50_ms", 0.5},
	    {"calls/latency_p95_ms", 0.95},
	    {"calls/latency_p99_ms", 0.99},
	    {"calls/max_latency_ms", 1},
	};
	struct receipts *r = finish->receipts;
	struct entry e;
	double value;

	if (r == NULL || r->calls == 0)
		return;
	entry_init(&e, ENTRY_METRICS, finish->time_us);
	e.metrics.step = derive_last_step(d);
	e.metrics.summary = true;
	entry_add_metric(&e, "calls/total_count", (double)r->calls);
	entry_add_metric(&e, "calls/cache_hit_count", (double)r->cache_hits);
	entry_add_metric(&e, "calls/retry_count", (double)r->retries);
	if (r->latencies.count > 0)
		add_finite(&e, "calls/avg_latency_ms",
		    r->latencies.sum / (double)r->latencies.count);
	for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++)
		if (quantiles_get(&r->latency_ms, quantiles[i].share, &value))
			entry_add_metric(&e, quantiles[i].name, value);
	d->emit(&e, d->data);
	emit_histogram(d, "calls/latency_ms", &r->latencies, finish->time_us);
}

static void
emit_verdict(struct derive *d, const struct derive_finish *finish)
{
	const struct derive_documents *documents = &finish->documents;
	struct entry e;

	entry_init(&e, ENTRY_PARAMS, finish->time_us);
	verdict_add(&e, documents->verdict, documents->verdict_len);
	if (e.params.len > 0)
		d->emit(&e, d->data);
	else
		entry_release(&e);
}

static double
seconds_of(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

/* Of the whole run: the points have the last seconds. Where the last record has
 * a point, the two stand at one step, and this one counts. */
static void
add_observed(const struct derive *d, struct entry *e)
{
	static const struct {
		const char *name;
		double share;
	} quantiles[] = {
	    {"observed/latency_ms", 0.5},
	    {"observed/latency_p50_ms", 0.5},
	    {"observed/latency_p95_ms", 0.95},
	    {"observed/latency_p99_ms", 0.99},
	};
	double rate = observed_rate(d->observed), value;

	if (d->observed == NULL || d->mapping.harness)
		return;
	if (rate >= 0)
		entry_add_metric(e, "observed/records_per_second", rate);
	for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++)
		if (quantiles_get(
			&d->observed->quantiles, quantiles[i].share, &value))
			entry_add_metric(e, quantiles[i].name, value);
}

static void
emit_process(struct derive *d, const struct derive_finish *finish)
{
	const struct rusage *usage = &finish->usage;
	struct entry e;

	entry_init(&e, ENTRY_METRICS, finish->time_us);
	e.metrics.step = derive_last_step(d);
	e.metrics.summary = true;
	if (finish->has_wall)
		entry_add_metric(&e, "wall_time_seconds", finish->wall_seconds);
	add_observed(d, &e);
	if (finish->has_usage) {
		entry_add_metric(&e, "process/user_cpu_seconds",
		    seconds_of(&usage->ru_utime));
		entry_add_metric(&e, "process/system_cpu_seconds",
		    seconds_of(&usage->ru_stime));
		entry_add_metric(&e, "process/max_rss_bytes",
		    (double)usage->ru_maxrss * BYTES_PER_KIB);
	}
	if (e.metrics.len > 0)
		d->emit(&e, d->data);
	else
		entry_release(&e);
	if (!finish->has_exit)
		return;
	entry_init(&e, ENTRY_PARAMS, finish->time_us);
	if (finish->exit_signal != 0)
		entry_add_param_integer(&e, "exit_signal", finish->exit_signal);
	else
		entry_add_param_integer(&e, "exit_code", finish->exit_code);
	d->emit(&e, d->data);
}

void
derive_end(struct derive *d, const struct derive_finish *finish)
{
	const struct derive_documents *documents = &finish->documents;
	const struct mapping *m = &d->mapping;
	struct end end;
	bool has_latency;
	size_t i;

	if (documents->manifest != NULL)
		derive_manifest(
		    d, documents->manifest, documents->manifest_len);
	emit_late_identity(d, finish);
	if (d->point < m->record_count)
		derive_emit_point(d);
	end_init(&end, m, documents);
	emit_totals(d, &end, finish->time_us);
	for (i = 0; m->live_len > 1 && i < m->live_len; i++)
		emit_experiment_end(
		    d, &end, mapping_experiment(m, i), finish->time_us);
	emit_end_params(d, &end, finish);
	end_release(&end);
	has_latency =
	    emit_histogram(d, "latency_ms", &d->latency, finish->time_us);
	emit_receipts(d, finish);
	emit_verdict(d, finish);
	/* An import does not have the following entries; they come last, so
	 * that the entries before are the same. */
	emit_process(d, finish);
	/* The histogram has a name of its own, because neither TensorBoard nor
	 * W&B can have points and a histogram under one name. */
	if (!has_latency && d->observed != NULL && !m->harness)
		emit_histogram(d, "observed/latency_ms_histogram",
		    &d->observed->latencies, finish->time_us);
}

/* insideLLMs' ExperimentResult, histograms, and functions that are tracked. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "format/text.h"
#include "itrack/handle.h"
#include "mapping/histogram.h"

struct result {
	struct itrack_experiment_result given;
	const char *prefix;
};

static void
add_metric(struct entry *e, const char *prefix, const char *name, double value)
{
	char *full = xasprintf("%s%s", prefix, name);

	entry_add_metric(e, full, value);
	free(full);
}

static void
add_known(struct entry *e, const char *prefix, const char *name, double value)
{
	if (!isnan(value))
		add_metric(e, prefix, name, value);
}

static void
add_text(
    struct entry *e, const char *prefix, const char *name, const char *bytes)
{
	char *full, *text;

	if (bytes == NULL)
		return;
	full = xasprintf("%s%s", prefix, name);
	text = text_of_bytes(bytes);
	entry_add_param_text(e, full, text);
	free(text);
	free(full);
}

/* Adds the metrics in insideLLMs' order. */
static void
fill_metrics(struct entry *e, const struct itrack_experiment_result *r,
    const char *prefix)
{
	add_metric(e, prefix, "success_rate", r->success_rate);
	add_metric(e, prefix, "total_count", (double)r->total_count);
	add_metric(e, prefix, "success_count", (double)r->success_count);
	add_metric(e, prefix, "error_count", (double)r->error_count);
	if (r->has_score) {
		add_known(e, prefix, "accuracy", r->accuracy);
		add_known(e, prefix, "precision", r->precision);
		add_known(e, prefix, "recall", r->recall);
		add_known(e, prefix, "f1_score", r->f1_score);
		add_known(e, prefix, "mean_latency_ms", r->mean_latency_ms);
		add_known(e, prefix, "total_tokens", r->total_tokens);
		add_known(e, prefix, "error_rate", r->error_rate);
	}
	add_known(e, prefix, "duration_seconds", r->duration_seconds);
}

static int
result_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const struct result *r = arguments;
	char *prefix = text_of_bytes(r->prefix != NULL ? r->prefix : "");
	struct entry e;
	int result;

	entry_init(&e, ENTRY_METRICS, clock_wall_us());
	e.metrics.step = run_step(t->run, ITRACK_STEP_AUTO);
	fill_metrics(&e, &r->given, prefix);
	result = run_log(t->run, &e, err);
	if (result == 0) {
		entry_init(&e, ENTRY_PARAMS, clock_wall_us());
		add_text(&e, prefix, "experiment_id", r->given.experiment_id);
		add_text(&e, prefix, "model_name", r->given.model_name);
		add_text(&e, prefix, "model_provider", r->given.model_provider);
		add_text(&e, prefix, "probe_name", r->given.probe_name);
		add_text(&e, prefix, "probe_category", r->given.probe_category);
		result = run_log(t->run, &e, err);
	}
	free(prefix);
	return result;
}

int
itrack_log_experiment_result(struct itrack_tracker *t,
    const struct itrack_experiment_result *given, const char *prefix,
    struct itrack_error *err)
{
	struct result r = {.given = {.duration_seconds = NAN,
			       .accuracy = NAN,
			       .precision = NAN,
			       .recall = NAN,
			       .f1_score = NAN,
			       .mean_latency_ms = NAN,
			       .total_tokens = NAN,
			       .error_rate = NAN},
	    .prefix = prefix};

	if (given == NULL || given->size < sizeof given->size)
		return handle_refuse(
		    err, -EINVAL, "the result is NULL or its size not set");
	memcpy(&r.given, given,
	    given->size < sizeof r.given ? given->size : sizeof r.given);
	return handle_call(t, HANDLE_LOG, result_body, &r, err);
}

struct values {
	const char *tag;
	const double *list;
	size_t count;
	int64_t step;
};

static int
histogram_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const struct values *v = arguments;
	struct histogram h;
	struct entry e;

	if (v->step < 0 && v->step != ITRACK_STEP_AUTO)
		return err_set(err, -EINVAL, "the step %lld is less than 0",
		    (long long)v->step);
	if (!t->settings.kind->histograms)
		return err_set(err, -ENOTSUP, "%s has no place for histograms",
		    t->settings.kind->name);
	histogram_init(&h);
	for (size_t i = 0; i < v->count; i++)
		histogram_add(&h, v->list[i]);
	entry_init(&e, ENTRY_HISTOGRAM, clock_wall_us());
	if (histogram_fill(&h, &e.histogram) < 0)
		return err_set(
		    err, -EINVAL, "no value of %.64s can be counted", v->tag);
	e.histogram.name = text_of_bytes(v->tag);
	e.histogram.step =
	    v->step == ITRACK_STEP_AUTO ? t->run->next_step : v->step;
	return run_log(t->run, &e, err);
}

int
itrack_log_histogram(struct itrack_tracker *t, const char *tag,
    const double *values, size_t count, int64_t step, struct itrack_error *err)
{
	struct values v = {tag, values, count, step};

	if (tag == NULL || tag[0] == '\0' || (values == NULL && count > 0))
		return handle_refuse(
		    err, -EINVAL, "a histogram needs a tag and values");
	return handle_call(t, HANDLE_LOG, histogram_body, &v, err);
}

struct itrack_results {
	struct itrack_metric *list;
	size_t len;
	bool incomplete; /* memory ran out, or a name is empty */
};

void
itrack_add_result(struct itrack_results *r, const char *name, double value)
{
	struct itrack_metric *list;
	char *copy;

	if (r == NULL || name == NULL)
		return;
	copy = strdup(name);
	list = reallocarray(r->list, r->len + 1, sizeof *r->list);
	if (list != NULL)
		r->list = list;
	if (copy == NULL || list == NULL) {
		r->incomplete = true;
		free(copy);
		return;
	}
	r->list[r->len++] = (struct itrack_metric){copy, value};
}

static bool
logs_metrics(const struct itrack_tracker *t)
{
	return t->member_count > 0 ? t->members[0]->settings.auto_log_metrics
				   : t->settings.auto_log_metrics;
}

int
itrack_auto_track(struct itrack_tracker *t, const char *name,
    int (*function)(struct itrack_results *results, void *context),
    void *context, struct itrack_error *err)
{
	struct itrack_results results = {0};
	int result, tracked, ended;

	if (t == NULL || function == NULL)
		return handle_refuse(
		    err, -EINVAL, "the tracker or the function is NULL");
	tracked = itrack_start_run(t, name, NULL, 0, err);
	result = function(&results, context);
	if (tracked == 0 && result == 0 && results.incomplete)
		tracked = handle_refuse(err, -ENOMEM, "no memory for results");
	else if (tracked == 0 && result == 0 && results.len > 0 &&
	    logs_metrics(t))
		tracked = itrack_log_metrics(
		    t, results.list, results.len, ITRACK_STEP_AUTO, err);
	ended = itrack_end_run(
	    t, result == 0 ? "finished" : "failed", tracked == 0 ? err : NULL);
	for (size_t i = 0; i < results.len; i++)
		free((char *)(uintptr_t)results.list[i].name);
	free(results.list);
	if (result != 0)
		return result;
	return tracked < 0 ? tracked : ended;
}

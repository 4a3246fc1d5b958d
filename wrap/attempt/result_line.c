#include "wrap/attempt/result_line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"

/* A line has no room for more; the JSON has all of them. */
#define NUMBERS_SHOWN 4
/* Less is no time that a run takes: one that was imported has its files' times. */
#define LEAST_SECONDS 0.05
#define SCORES        "scores/"

struct line {
	struct buf *out;
	const struct values *values;
	const char *prefix;
	size_t begin; /* where it began in `out` */
};

static void
separate(struct line *l)
{
	if (l->out->len > l->begin)
		buf_adds(l->out, ", ");
}

void
result_count(struct buf *line, double count, const char *noun)
{
	buf_addf(line, "%.0f %s%s", count, noun, count == 1 ? "" : "s");
}

/* 0 if the run has none. */
static double
mapped(const struct line *l, const char *name)
{
	char *whole = xasprintf("%s%s", l->prefix, name);
	double value = 0;

	values_metric(l->values, whole, &value);
	free(whole);
	return value;
}

static double
plain(const struct line *l, const char *name)
{
	double value = 0;

	values_metric(l->values, name, &value);
	return value;
}

void
result_rate(struct buf *line, double success, double total)
{
	double percent = 100 * success / total;

	if (success < total && percent > 99.9)
		percent = 99.9;
	if (success > 0 && percent < 0.1)
		percent = 0.1;
	if (success == 0 || success == total)
		buf_addf(line, ", %.0f %% success", percent);
	else
		buf_addf(line, ", %.1f %% success", percent);
}

static void
add_errors(struct line *l, double errors, double timeouts)
{
	if (errors + timeouts == 0)
		return;
	separate(l);
	if (errors == 0) {
		result_count(l->out, timeouts, "timeout");
		return;
	}
	result_count(l->out, errors + timeouts, "error");
	if (timeouts == 0)
		return;
	buf_adds(l->out, " (");
	result_count(l->out, timeouts, "timeout");
	buf_addc(l->out, ')');
}

static void
add_records(struct line *l)
{
	double total = mapped(l, "total_count");
	double success = mapped(l, "success_count");
	double errors = mapped(l, "error_count");
	double timeouts = plain(l, "timeout_count");
	double others = total - success - errors - timeouts;
	double experiments = plain(l, "experiment_count"), records;

	/* Before the end there is no record_count. */
	result_count(l->out,
	    values_metric(l->values, "record_count", &records) ? records
							       : total,
	    "record");
	if (experiments > 1) {
		buf_adds(l->out, " in ");
		result_count(l->out, experiments, "experiment");
	}
	if (total > 0)
		result_rate(l->out, success, total);
	add_errors(l, errors, timeouts);
	if (others > 0) {
		separate(l);
		buf_addf(l->out, "%.0f skipped or rate-limited", others);
	}
}

static void
add_number(struct line *l, const char *name, double value)
{
	separate(l);
	buf_addf(l->out, "%s %.4g", name, value);
}

/* Those whose names begin so, without that beginning; what is left out is
 * counted. */
static void
add_numbers(struct line *l, const char *begin, const char *noun)
{
	const struct named_value *n = NULL;
	size_t len = strlen(begin), count = 0;

	while ((n = values_next_metric(l->values, n)) != NULL) {
		if (strncmp(n->name, begin, len) != 0)
			continue;
		if (count++ < NUMBERS_SHOWN)
			add_number(l, n->name + len, n->value.number);
	}
	if (count > NUMBERS_SHOWN) {
		separate(l);
		buf_addf(l->out, "%zu more %s", count - NUMBERS_SHOWN, noun);
	}
}

static void
add_time(struct line *l, double seconds)
{
	long whole = lround(seconds);

	if (seconds < LEAST_SECONDS)
		return;
	separate(l);
	if (seconds < 59.95)
		buf_addf(l->out, "%.1f s", seconds);
	else if (whole < 3600)
		buf_addf(l->out, "%ld min %ld s", whole / 60, whole % 60);
	else
		buf_addf(
		    l->out, "%ld h %ld min", whole / 3600, whole % 3600 / 60);
}

void
result_line(struct buf *line, const struct values *v, const char *prefix,
    double seconds)
{
	struct line l = {
	    .out = line, .values = v, .prefix = prefix, .begin = line->len};
	char *accuracy = xasprintf("%saccuracy", prefix);
	char *total = xasprintf("%stotal_count", prefix);
	double value;

	if (values_metric(v, total, &value)) {
		add_records(&l);
		if (values_metric(v, accuracy, &value) &&
		    !values_metric(v, SCORES "accuracy", &(double){0}))
			add_number(&l, "accuracy", value);
		add_numbers(&l, SCORES, "scores");
	} else {
		add_numbers(&l, "", "metrics");
	}
	add_time(&l, seconds);
	free(total);
	free(accuracy);
}

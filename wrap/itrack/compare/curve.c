#include "wrap/itrack/compare/curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/die.h"
#include "wrap/itrack/compare/result.h"

static double
value_of(const struct run *run, const struct run_case *c, const char *metric)
{
	if (strcmp(metric, RESULT_SUCCESS_RATE) == 0)
		return c->success;
	return run_case_score(run, c, metric + strlen(RESULT_SCORES));
}

void
curve_make(
    struct curve *curve, const struct run *run, const char *metric, size_t most)
{
	double mean = 0, count = 0;
	size_t places = run->len < most ? run->len : most, next = 1;

	*curve = (struct curve){.x = xcalloc(places + 1, sizeof(double)),
	    .y = xcalloc(places + 1, sizeof(double))};
	for (size_t i = 0; i < run->len; i++) {
		double value = value_of(run, &run->cases[i], metric);

		if (!isnan(value)) {
			count++;
			/* A sum of huge values would be none. */
			mean += value / count - mean / count;
		}
		/* The n-th place is behind n / places of the records. */
		if (i + 1 < (next * run->len + places - 1) / places)
			continue;
		next++;
		if (count == 0)
			continue;
		curve->x[curve->len] = (double)(i + 1);
		curve->y[curve->len++] = mean;
	}
}

void
curve_release(struct curve *curve)
{
	free(curve->x);
	free(curve->y);
	*curve = (struct curve){0};
}

char *
curve_sparkline(const struct curve *curve, double low, double high)
{
	static const char *const blocks[] = {
	    "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	const int levels = sizeof blocks / sizeof blocks[0];
	struct buf text;

	buf_init(&text, SIZE_MAX / 2);
	for (size_t i = 0; i < curve->len; i++) {
		double share =
		    high > low ? (curve->y[i] - low) / (high - low) : 1;
		int level = (int)(share * levels);

		level = level < 0 ? 0 : level;
		buf_adds(&text, blocks[level < levels ? level : levels - 1]);
	}
	return buf_steal(&text);
}

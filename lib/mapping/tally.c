#include "mapping/tally.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/number.h"

static void
add_latency(struct tally *tally, double latency_ms)
{
	if (tally->latency_count == 0 || latency_ms < tally->latency_min_ms)
		tally->latency_min_ms = latency_ms;
	if (tally->latency_count == 0 || latency_ms > tally->latency_max_ms)
		tally->latency_max_ms = latency_ms;
	tally->latency_sum_ms += latency_ms;
	tally->latency_count++;
}

void
tally_add(struct tally *tally, const struct sample *sample)
{
	tally->total_count++;
	tally->success_count += sample->status == STATUS_SUCCESS;
	tally->error_count += sample->status == STATUS_ERROR;
	tally->timeout_count += sample->status == STATUS_TIMEOUT;
	if (sample->status == STATUS_SUCCESS && sample->has_latency)
		add_latency(tally, sample->latency_ms);
	if (sample->has_start &&
	    (!tally->has_start || sample->start_us < tally->start_us)) {
		tally->has_start = true;
		tally->start_us = sample->start_us;
	}
	if (sample->has_end &&
	    (!tally->has_end || sample->end_us > tally->end_us)) {
		tally->has_end = true;
		tally->end_us = sample->end_us;
	}
}

double
tally_success_rate(const struct tally *tally)
{
	return (double)tally->success_count / (double)tally->total_count;
}

double
tally_error_rate(const struct tally *tally)
{
	return (double)(tally->error_count + tally->timeout_count) /
	    (double)tally->total_count;
}

/* us / 1e6, rounded once as Python does it: a number of microseconds beyond
 * 2^53 (285 years) is no double. */
static double
seconds_of(int64_t us)
{
	uint64_t magnitude = us < 0 ? -(uint64_t)us : (uint64_t)us;
	char text[32];

	if (magnitude <= (uint64_t)1 << DBL_MANT_DIG)
		return (double)us / 1e6;
	snprintf(text, sizeof text, "%s%ju.%06ju", us < 0 ? "-" : "",
	    (uintmax_t)(magnitude / 1000000), (uintmax_t)(magnitude % 1000000));
	return strtod_l(text, NULL, number_locale());
}

bool
tally_duration(const struct tally *tally, double *seconds)
{
	if (!tally->has_start || !tally->has_end)
		return false;
	*seconds = seconds_of(tally->end_us - tally->start_us);
	return true;
}

#include "mapping/observed.h"

#include <stdlib.h>

#include "base/die.h"

#define MS_PER_US     1e-3
#define US_PER_SECOND 1e6
#define UNKNOWN       (-1.0)

static struct observed_arrival *
at(struct observed *o, uint32_t i)
{
	return &o->ring[(o->first + i) % OBSERVED_ARRIVALS_MAX];
}

/* The last arrival before the window stays: the first interval begins there. */
static void
push(struct observed *o, const struct observed_arrival *arrival)
{
	int64_t from_us = arrival->time_us - OBSERVED_WINDOW_US;

	while (o->len == OBSERVED_ARRIVALS_MAX ||
	    (o->len > 1 && at(o, 1)->time_us <= from_us)) {
		o->first = (o->first + 1) % OBSERVED_ARRIVALS_MAX;
		o->len--;
	}
	*at(o, o->len++) = *arrival;
}

static void
count(struct observed *o, int64_t time_us)
{
	struct observed_arrival arrival = {.time_us = time_us,
	    .records = o->waiting + 1,
	    .latency_ms = UNKNOWN};

	/* A clock that was put back begins a new window. */
	if (o->started && time_us < o->last_us)
		o->started = false;
	if (!o->started) {
		o->len = 0;
		push(o, &arrival);
		return;
	}
	o->records += arrival.records;
	o->elapsed_us += time_us - o->last_us;
	if (o->last_alone) {
		arrival.latency_ms = (double)(time_us - o->last_us) * MS_PER_US;
		histogram_add(&o->latencies, arrival.latency_ms);
		quantiles_add(&o->quantiles, arrival.latency_ms);
	}
	push(o, &arrival);
}

void
observed_arrival(struct observed **observed, int64_t time_us, bool alone)
{
	struct observed *o = *observed;

	if (o == NULL && !alone)
		return;
	if (o == NULL) {
		o = *observed = xcalloc(1, sizeof *o);
		histogram_init(&o->latencies);
	}
	if (!alone) {
		o->waiting++;
		o->last_alone = false;
		return;
	}
	count(o, time_us);
	o->started = o->last_alone = o->fresh = true;
	o->last_us = time_us;
	o->waiting = 0;
}

void
observed_free(struct observed *o)
{
	if (o == NULL)
		return;
	quantiles_release(&o->quantiles);
	free(o);
}

static double
rate_of(uint64_t records, int64_t elapsed_us)
{
	if (elapsed_us <= 0)
		return UNKNOWN;
	return (double)records * US_PER_SECOND / (double)elapsed_us;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *list, size_t len)
{
	if (len == 0)
		return UNKNOWN;
	qsort(list, len, sizeof list[0], compare);
	return (list[(len - 1) / 2] + list[len / 2]) / 2;
}

void
observed_window(struct observed *o, double *rate, double *latency_ms)
{
	double latencies[OBSERVED_ARRIVALS_MAX];
	uint64_t records = 0;
	size_t len = 0;
	uint32_t i;

	*rate = *latency_ms = UNKNOWN;
	if (o == NULL || !o->fresh)
		return;
	o->fresh = false;
	for (i = 1; i < o->len; i++) {
		records += at(o, i)->records;
		if (at(o, i)->latency_ms >= 0)
			latencies[len++] = at(o, i)->latency_ms;
	}
	*rate = rate_of(records, o->last_us - at(o, 0)->time_us);
	*latency_ms = median(latencies, len);
}

double
observed_rate(const struct observed *o)
{
	return o != NULL ? rate_of(o->records, o->elapsed_us) : UNKNOWN;
}

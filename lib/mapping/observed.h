/*
 * How fast records arrive, as a reader saw it that kept up: the rate and the
 * latencies of the last 10 seconds, and those of the whole run. Of fixed size.
 *
 *	observed_arrival(&o, time_us, alone);    for each record
 *	observed_window(&o, &rate, &latency_ms)  of the last seconds
 *	observed_all(&o) ...                     of the whole run
 *	observed_free(o);
 *
 * Only a record that came alone to a reader that had read all before says when
 * it arrived. Those that came between two such arrived between them; those
 * before the first one say nothing. A latency is the time between two records
 * that follow each other and both came alone.
 */
#ifndef MAPPING_OBSERVED_H
#define MAPPING_OBSERVED_H

#include <stdbool.h>
#include <stdint.h>

#include "mapping/histogram.h"
#include "mapping/quantiles.h"

#define OBSERVED_WINDOW_US INT64_C(10000000)
/* The window is shorter where more arrive in it: it has so many arrivals at
 * most, which are kept for each run that is written. */
#define OBSERVED_ARRIVALS_MAX 1024

struct observed {
	struct histogram latencies;
	struct quantiles quantiles;
	uint64_t records;   /* behind the first that came alone */
	int64_t elapsed_us; /* in which these arrived */
	/* private */
	int64_t last_us;
	bool started;
	bool last_alone;  /* the last record came alone */
	bool fresh;       /* the window was not asked for since the last one */
	uint64_t waiting; /* records since the last one that came alone */
	struct observed_arrival {
		int64_t time_us;
		uint64_t records;  /* it and those that came before it */
		double latency_ms; /* below 0: not known */
	} ring[OBSERVED_ARRIVALS_MAX];
	uint32_t first, len;
};

/* NULL as long as no record came alone: an import needs no memory for it. */
void observed_arrival(struct observed **o, int64_t time_us, bool alone);
void observed_free(struct observed *o);

/* Values below 0 are not known. They go from the last arrival before the window
 * on, so that records that come more seldom have their rate as well. Nothing is
 * known if no record came alone since the last call. */
void observed_window(struct observed *o, double *rate, double *latency_ms);
/* Records in a second over the whole run; below 0: not known. */
double observed_rate(const struct observed *o);

#endif

/*
 * Counts and sums over records, of an experiment or of the whole run:
 * success rate, errors, latencies, duration.
 */
#ifndef MAPPING_TALLY_H
#define MAPPING_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "mapping/record_status.h"

/* What one record adds. */
struct sample {
	enum record_status status;
	bool has_latency, has_start, has_end;
	double latency_ms;
	int64_t start_us, end_us; /* since 1970 */
};

struct tally {
	uint64_t total_count;
	uint64_t success_count;
	uint64_t error_count;
	uint64_t timeout_count;
	/* latency_ms of successful records that have a finite number there */
	uint64_t latency_count;
	double latency_sum_ms, latency_min_ms, latency_max_ms;
	/* microseconds since 1970, over the times that parse */
	bool has_start, has_end;
	int64_t start_us, end_us;
};

void tally_add(struct tally *tally, const struct sample *sample);

/* success_count / total_count; meaningless without records. */
double tally_success_rate(const struct tally *tally);
/* (error_count + timeout_count) / total_count, likewise. */
double tally_error_rate(const struct tally *tally);
/* (end - start) in whole microseconds / 1e6; false: one of them is missing. */
bool tally_duration(const struct tally *tally, double *seconds);

#endif

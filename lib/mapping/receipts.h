/*
 * Sums over receipts/calls.jsonl, where insideLLMs notes each call of a model:
 * its true latency, whether the cache answered, how often it was tried again. Of
 * fixed size.
 *
 *	receipts_init(&r);
 *	receipts_line(&r, line, len);      each line without its newline
 *	receipts_release(&r);
 *
 * A line is {"latency_ms": number, "cache_hit": truth, "retry_count": integer or
 * null, ...}; a blank one is passed over, any other is no receipt.
 */
#ifndef MAPPING_RECEIPTS_H
#define MAPPING_RECEIPTS_H

#include <stddef.h>
#include <stdint.h>

#include "mapping/histogram.h"
#include "mapping/quantiles.h"

struct receipts {
	uint64_t calls;
	uint64_t cache_hits;
	uint64_t retries;
	uint64_t malformed; /* lines */
	struct quantiles latency_ms;
	struct histogram latencies;
};

void receipts_init(struct receipts *r);
void receipts_release(struct receipts *r);

void receipts_line(struct receipts *r, const char *line, size_t len);

#endif

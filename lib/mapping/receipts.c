#include "mapping/receipts.h"

#include <string.h>

#include "mapping/documents.h"

/* More retries of one call are no count but an attempt to overflow the sum. */
#define RETRIES_MAX 1000000

void
receipts_init(struct receipts *r)
{
	*r = (struct receipts){.calls = 0};
	histogram_init(&r->latencies);
}

void
receipts_release(struct receipts *r)
{
	quantiles_release(&r->latency_ms);
}

void
receipts_line(struct receipts *r, const char *line, size_t len)
{
	struct json_span root, value;
	double latency_ms;
	int64_t retries;

	if (strspn(line, " \t\r\n") >= len)
		return;
	root = document_root(line, len);
	if (root.type != JSON_OBJECT) {
		r->malformed++;
		return;
	}
	r->calls++;
	value = json_member(&root, "cache_hit");
	r->cache_hits += value.type == JSON_TRUE;
	value = json_member(&root, "retry_count");
	if (json_int64(&value, &retries) == 0 && retries > 0 &&
	    retries <= RETRIES_MAX)
		r->retries += (uint64_t)retries;
	value = json_member(&root, "latency_ms");
	if (json_double(&value, &latency_ms) == 0 && latency_ms >= 0) {
		quantiles_add(&r->latency_ms, latency_ms);
		histogram_add(&r->latencies, latency_ms);
	}
}

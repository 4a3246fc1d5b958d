/*
 * A whole run: the first line of the input is the manifest, the second the
 * summary and the verdict, the rest are records and receipts. Entries must come
 * out that can be written, the counts must add up.
 */
#include "journal/entry.h"
#include "tests/fuzz/fuzz.h"
#include "mapping/derive.h"

struct seen {
	struct buf line;
	uint64_t entries;
	int64_t last_step;
};

static void
on_entry(struct entry *e, void *data)
{
	struct seen *seen = data;

	buf_reset(&seen->line);
	expect(entry_encode(e, &seen->line) == 0);
	if (e->kind == ENTRY_METRICS) {
		expect(e->metrics.step >= seen->last_step);
		seen->last_step = e->metrics.step;
	}
	seen->entries++;
	entry_release(e);
}

/* The next line; *rest moves behind it. */
static size_t
next_line(const char **rest, const char *end)
{
	const char *start = *rest;
	const char *newline = memchr(start, '\n', (size_t)(end - start));

	*rest = newline != NULL ? newline + 1 : end;
	return (size_t)((newline != NULL ? newline : end) - start);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	struct derive_config config = {
	    .run_dir = "/r", .dir_name = "r", .prefix = "", .points = 4};
	struct receipts receipts;
	struct derive_finish finish = {.time_us = 1, .receipts = &receipts};
	struct derive_arrival arrival = {.time_us = 1, .observed = true};
	struct seen seen = {.entries = 0};
	struct derive *d;
	uint64_t lines = 0;

	buf_init(&seen.line, 2 * ENTRY_LINE_MAX);
	d = derive_new(&config, on_entry, &seen);
	derive_begin(d, 1);
	finish.documents.manifest = at;
	finish.documents.manifest_len = next_line(&at, end);
	finish.documents.summary = at;
	finish.documents.summary_len = next_line(&at, end);
	finish.documents.verdict = finish.documents.summary;
	finish.documents.verdict_len = finish.documents.summary_len;
	receipts_init(&receipts);
	while (at < end) {
		const char *line = at;
		size_t len = next_line(&at, end);

		derive_line(d, line, len, &arrival);
		receipts_line(&receipts, line, len);
		arrival.time_us += 1000;
		lines++;
	}
	derive_end(d, &finish);
	expect(receipts.calls + receipts.malformed <= lines);
	expect(receipts.latency_ms.count <= receipts.calls);
	receipts_release(&receipts);
	expect(
	    (uint64_t)derive_last_step(d) == derive_mapping(d)->record_count);
	expect(seen.entries > 0);
	derive_free(d);
	buf_release(&seen.line);
	return 0;
}

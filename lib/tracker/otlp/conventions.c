#include "tracker/otlp/conventions.h"

#include <string.h>

#include "tracker/common/names.h"

/* The data model's limit for a name. */
#define NAME_MAX_BYTES 255
#define RECORDS        "insidellms.records", "{record}", "Records by outcome"
#define TOKENS         "insidellms.tokens", "{token}", "Tokens of the model calls"

/* Names that end in a slash stand for all that begin so; what is behind the
 * slash is the label's value. A name without a metric is in others: the total is
 * the sum of the records by outcome. */
static const struct row {
	const char *journal;
	struct otlp_metric metric;
} rows[] = {
    {"total_count", {.name = NULL}},
    {"success_count",
	{RECORDS, OTLP_SUM, OTLP_OF_EXPERIMENT, OTLP_RECORD_STATUS, "success"}},
    {"error_count",
	{RECORDS, OTLP_SUM, OTLP_OF_EXPERIMENT, OTLP_RECORD_STATUS, "error"}},
    {"timeout_count",
	{RECORDS, OTLP_SUM, OTLP_OF_EXPERIMENT, OTLP_RECORD_STATUS, "timeout"}},
    {"success_rate",
	{"insidellms.success_rate", "1", "Part of the records that succeeded",
	    OTLP_GAUGE, OTLP_OF_RUN, NULL, NULL}},
    {"scores/",
	{"insidellms.score", "1", "Mean of a score over the records so far",
	    OTLP_GAUGE, OTLP_OF_EXPERIMENT, OTLP_SCORE_NAME, NULL}},
    {"errors/",
	{"insidellms.errors", "{record}", "Records by type of error", OTLP_SUM,
	    OTLP_OF_EXPERIMENT, OTLP_ERROR_TYPE, NULL}},
    {"usage/prompt_tokens",
	{TOKENS, OTLP_SUM, OTLP_OF_RUN, OTLP_TOKEN_TYPE, "input"}},
    {"usage/input_tokens",
	{TOKENS, OTLP_SUM, OTLP_OF_RUN, OTLP_TOKEN_TYPE, "input"}},
    {"usage/completion_tokens",
	{TOKENS, OTLP_SUM, OTLP_OF_RUN, OTLP_TOKEN_TYPE, "output"}},
    {"usage/output_tokens",
	{TOKENS, OTLP_SUM, OTLP_OF_RUN, OTLP_TOKEN_TYPE, "output"}},
    {"usage/",
	{"insidellms.usage", NULL, "Sum of a value of the records' usage",
	    OTLP_GAUGE, OTLP_OF_RUN, OTLP_USAGE, NULL}},
    {"latency_ms",
	{"insidellms.latency", "s", "Latency of the records", OTLP_HISTOGRAM,
	    OTLP_OF_BOTH, NULL, NULL}},
    {"calls/latency_ms",
	{"insidellms.call.latency", "s", "Latency of the calls of models",
	    OTLP_HISTOGRAM, OTLP_OF_BOTH, NULL, NULL}},
};

const struct otlp_metric otlp_run_status = {"insidellms.run.status", "1",
    "1: the run goes on, 0: it has ended, -1: it has failed", OTLP_GAUGE,
    OTLP_OF_RUN, NULL, NULL};
const struct otlp_metric otlp_other_records = {
    RECORDS, OTLP_SUM, OTLP_OF_EXPERIMENT, OTLP_RECORD_STATUS, "other"};

static bool
matches(const struct row *row, const char *name, enum otlp_kind kind)
{
	size_t len = strlen(row->journal);

	if ((row->metric.kind == OTLP_HISTOGRAM) != (kind == OTLP_HISTOGRAM))
		return false;
	if (row->journal[len - 1] == '/')
		return strncmp(name, row->journal, len) == 0 &&
		    name[len] != '\0';
	return strcmp(name, row->journal) == 0;
}

/* Is the name one that the table gives to something else? */
static bool
is_taken(const char *name)
{
	if (strcmp(name, otlp_run_status.name) == 0)
		return true;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].metric.name != NULL &&
		    strcmp(name, rows[i].metric.name) == 0)
			return true;
	return false;
}

/* Names have letters, digits and four signs. One that is changed, or that looks
 * as if it had been, gets a digest, so that two never become one. */
static void
put_own(struct buf *out, const char *name)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/";
	size_t len = strlen(name), room;
	bool changed = names_has_digest(name, len);

	buf_adds(out, OTLP_OWN);
	for (const char *p = name; *p != '\0'; p++) {
		bool good = strchr(allowed, *p) != NULL;

		/* One sign for a character of several bytes. */
		if (good || ((unsigned char)*p & 0xc0) != 0x80)
			buf_addc(out, good ? *p : '_');
		changed = changed || !good;
	}
	room = NAME_MAX_BYTES;
	if (out->len > room || changed || is_taken(out->data)) {
		room -= NAMES_DIGEST_CHARACTERS;
		if (out->len > room)
			buf_truncate(out, room);
		names_put_digest(out, name, len);
	}
}

struct otlp_metric
otlp_metric_of(const char *name, enum otlp_kind kind, struct buf *own)
{
	struct otlp_metric metric = {.kind = kind, .scope = OTLP_OF_BOTH};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (matches(&rows[i], name, kind)) {
			metric = rows[i].metric;
			if (metric.label != NULL && metric.value == NULL)
				metric.value = name + strlen(rows[i].journal);
			return metric;
		}
	buf_reset(own);
	put_own(own, name);
	metric.name = own->data;
	return metric;
}

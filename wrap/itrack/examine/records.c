#include "wrap/itrack/examine/records.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/isotime.h"
#include "format/text.h"
#include "mapping/decode.h"
#include "mapping/limits.h"

#define ANY     (~0U)
#define TYPE(t) (1U << (t))
#define TEXT    TYPE(JSON_STRING)
#define NUL     TYPE(JSON_NULL)
#define OBJECT  TYPE(JSON_OBJECT)
#define NUMBER  (TYPE(JSON_INTEGER) | TYPE(JSON_DOUBLE))

/* The 22 keys, and what they may hold. status and run_id have defects of their
 * own. */
static const struct key {
	const char *name;
	unsigned types;
} keys[] = {
    {"completed_at", TEXT},
    {"custom", OBJECT},
    {"dataset", OBJECT},
    {"error", TEXT | NUL},
    {"error_type", TEXT | NUL},
    {"example_id", TEXT},
    {"input", ANY},
    {"latency_ms", NUMBER | NUL},
    {"messages", TYPE(JSON_ARRAY) | NUL},
    {"messages_hash", TEXT | NUL},
    {"messages_storage", ANY},
    {"model", OBJECT},
    {"output", ANY},
    {"output_text", TEXT | NUL},
    {"primary_metric", TEXT | NUL},
    {"probe", OBJECT},
    {"run_id", ANY},
    {"schema_version", TEXT},
    {"scores", OBJECT},
    {"started_at", TEXT},
    {"status", ANY},
    {"usage", OBJECT},
};

#define KEY_COUNT (sizeof keys / sizeof keys[0])

void
check_records_init(struct check_records *r, struct check *check)
{
	*r = (struct check_records){.check = check};
	mapping_init(&r->mapping);
}

void
check_records_release(struct check_records *r)
{
	size_t i;

	for (i = 0; i < r->order_len; i++)
		free(r->orders[i]);
	free(r->orders);
	free(r->schema_version);
	mapping_release(&r->mapping);
}

static void
check_bytes(struct check_records *r, const char *line, size_t len)
{
	const char *p = line, *end = line + len, *before;

	if (len > 0 && end[-1] == '\r')
		check_add(r->check, CHECK_CARRIAGE_RETURN, r->line, NULL);
	while (p < end) {
		if ((unsigned char)*p < 0x80) {
			p++;
			continue;
		}
		before = p;
		if (text_next_in_bytes(&p, end) != 0xFFFD ||
		    (p - before == 3 && memcmp(before, "\xEF\xBF\xBD", 3) == 0))
			continue;
		check_add(r->check, CHECK_INVALID_UTF8, r->line, "byte %zu",
		    (size_t)(before - line) + 1);
		return;
	}
}

/* In a line that is JSON these letters stand outside of texts in NaN and
 * Infinity alone. */
static void
check_finite(struct check_records *r, const char *line, size_t len)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < len; i++) {
		if (quoted && line[i] == '\\')
			i++;
		else if (line[i] == '"')
			quoted = !quoted;
		else if (!quoted && (line[i] == 'N' || line[i] == 'I'))
			break;
	}
	if (i < len)
		check_add(r->check, CHECK_NOT_FINITE, r->line, NULL);
}

static void
check_malformed(struct check_records *r, const char *line, size_t len)
{
	if (len >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0)
		check_add(r->check, CHECK_BOM, r->line, NULL);
	else if (memchr(line, '\0', len) != NULL)
		check_add(r->check, CHECK_NUL_BYTE, r->line, NULL);
	else
		check_add(r->check, CHECK_MALFORMED_LINE, r->line, NULL);
}

static void
check_key(struct check_records *r, const struct json_span *key,
    const struct json_span *value, bool seen[KEY_COUNT])
{
	struct buf name;
	size_t i;

	for (i = 0; i < KEY_COUNT; i++) {
		if (!json_is(key, keys[i].name))
			continue;
		if (seen[i])
			check_add(r->check, CHECK_DUPLICATE_KEY, r->line, "%s",
			    keys[i].name);
		seen[i] = true;
		if ((keys[i].types & TYPE(value->type)) == 0)
			check_add(r->check, CHECK_WRONG_TYPE, r->line, "%s",
			    keys[i].name);
		return;
	}
	buf_init(&name, MAPPING_TEXT_MAX);
	json_text(key, &name);
	check_add(r->check, CHECK_UNKNOWN_KEY, r->line, "%s", name.data);
	buf_release(&name);
}

static void
check_keys(struct check_records *r, const char *line, size_t len)
{
	bool seen[KEY_COUNT] = {false};
	struct json_span key, value;
	struct jsonscan s;
	size_t i;

	jsonscan_init(&s, line, len);
	jsonscan_enter(&s, '{');
	while (jsonscan_member(&s, &key) > 0)
		if (jsonscan_value(&s, &value) == 0)
			check_key(r, &key, &value, seen);
	for (i = 0; i < KEY_COUNT; i++)
		if (!seen[i] && strcmp(keys[i].name, "status") != 0 &&
		    strcmp(keys[i].name, "run_id") != 0)
			check_add(r->check, CHECK_MISSING_KEY, r->line, "%s",
			    keys[i].name);
}

static void
check_status(struct check_records *r, const struct record *record,
    const char *line, size_t len)
{
	static const char *const known[] = {
	    "success", "error", "timeout", "rate_limited", "skipped"};
	const struct json_span whole = {line, len, JSON_OBJECT, false};
	struct json_span error;
	size_t i = 0;

	if (record->status.type == JSON_NONE ||
	    record->status.type == JSON_NULL) {
		check_add(r->check, CHECK_MISSING_STATUS, r->line, NULL);
		return;
	}
	while (i < sizeof known / sizeof known[0] &&
	    (record->status.type != JSON_STRING ||
		!json_is(&record->status, known[i])))
		i++;
	if (i == sizeof known / sizeof known[0]) {
		check_add(r->check, CHECK_UNKNOWN_STATUS, r->line, "%.*s",
		    (int)(record->status.len < 64 ? record->status.len : 64),
		    record->status.start);
		return;
	}
	error = json_member(&whole, "error");
	if (i == 0 && json_truth(&error))
		check_add(r->check, CHECK_ERROR_ON_SUCCESS, r->line, NULL);
	if (i == 1 && !json_truth(&error))
		check_add(r->check, CHECK_MISSING_ERROR, r->line, NULL);
}

static bool
read_time(struct check_records *r, const struct json_span *span, int64_t *us)
{
	char *text;
	int result;

	if (span->type != JSON_STRING)
		return false;
	text = json_text_new(span);
	result = isotime_parse(text, strlen(text), us);
	if (result < 0)
		check_add(r->check, CHECK_BAD_TIME, r->line, "%.64s", text);
	free(text);
	return result == 0;
}

static void
check_values(struct check_records *r, const struct record *record)
{
	int64_t start_us, end_us;
	double latency_ms;
	bool started = read_time(r, &record->started_at, &start_us);
	bool ended = read_time(r, &record->completed_at, &end_us);

	if (started && ended && end_us < start_us)
		check_add(r->check, CHECK_NEGATIVE_DURATION, r->line, NULL);
	if (json_double(&record->latency_ms, &latency_ms) == 0 &&
	    latency_ms < 0)
		check_add(r->check, CHECK_NEGATIVE_LATENCY, r->line, NULL);
	if (!json_truth(&record->run_id))
		check_add(r->check, CHECK_MISSING_RUN_ID, r->line, NULL);
	if (record->schema_version.type != JSON_STRING)
		return;
	if (!json_is(&record->schema_version, "1.0.0") &&
	    !json_is(&record->schema_version, "1.0.1"))
		check_add(
		    r->check, CHECK_UNKNOWN_SCHEMA_VERSION, r->line, NULL);
	if (r->schema_version == NULL)
		r->schema_version = xstrndup(
		    record->schema_version.start, record->schema_version.len);
	else if (strlen(r->schema_version) != record->schema_version.len ||
	    memcmp(r->schema_version, record->schema_version.start,
		record->schema_version.len) != 0)
		check_add(r->check, CHECK_MIXED_SCHEMA_VERSIONS, r->line, NULL);
}

/* The gaps without `index`; false: it is in none of them. */
static bool
fill_gap(struct check_order *order, int64_t index)
{
	struct gap *gap;
	size_t i;

	for (i = 0; i < order->gap_len; i++) {
		gap = &order->gaps[i];
		if (index < gap->from || index > gap->to)
			continue;
		if (gap->from == gap->to) {
			*gap = order->gaps[--order->gap_len];
		} else if (index == gap->from) {
			gap->from++;
		} else if (index == gap->to) {
			gap->to--;
		} else if (order->gap_len < CHECK_GAPS_MAX) {
			order->gaps[order->gap_len++] =
			    (struct gap){index + 1, gap->to};
			gap->to = index - 1;
		}
		return true;
	}
	return false;
}

static void
report_gap(struct check_records *r, const struct gap *gap)
{
	if (gap->from == gap->to)
		check_add(
		    r->check, CHECK_MISSING_INDEX, 0, "%" PRId64, gap->from);
	else
		check_add(r->check, CHECK_MISSING_INDEX, 0,
		    "%" PRId64 " to %" PRId64, gap->from, gap->to);
}

static void
check_index(struct check_records *r, struct check_order *order, int64_t index)
{
	struct gap gap;

	if (index >= order->next) {
		gap = (struct gap){order->next, index - 1};
		if (index > order->next && order->gap_len == CHECK_GAPS_MAX)
			report_gap(r, &gap);
		else if (index > order->next)
			order->gaps[order->gap_len++] = gap;
		order->next = index == INT64_MAX ? index : index + 1;
	} else if (fill_gap(order, index)) {
		check_add(r->check, CHECK_UNORDERED_INDEX, r->line, "%" PRId64,
		    index);
	} else {
		check_add(r->check, CHECK_DUPLICATE_INDEX, r->line, "%" PRId64,
		    index);
	}
}

static void
check_order(struct check_records *r, const struct record *record,
    const char *line, size_t len)
{
	const struct json_span whole = {line, len, JSON_OBJECT, false};
	const struct experiment *x = mapping_add(&r->mapping, record);
	struct json_span custom = json_member(&whole, "custom"), span;
	int64_t index;

	if (x == NULL) {
		r->outside++;
		return;
	}
	if (x->index == r->order_len) {
		r->orders = xreallocarray(
		    r->orders, r->order_len + 1, sizeof(struct check_order *));
		r->orders[r->order_len++] =
		    xcalloc(1, sizeof(struct check_order));
	}
	span = json_member(&custom, "record_index");
	if (json_int64(&span, &index) < 0 || index < 0)
		check_add(r->check, CHECK_BAD_INDEX, r->line, NULL);
	else
		check_index(r, r->orders[x->index], index);
}

void
check_records_line(struct check_records *r, const char *line, size_t len)
{
	struct record record;

	r->line++;
	if (line == NULL) {
		check_add(r->check, CHECK_TOO_LONG_LINE, r->line, NULL);
		return;
	}
	check_bytes(r, line, len);
	switch (decode_line(&record, line, len)) {
	case DECODED_BLANK:
		check_add(r->check, CHECK_BLANK_LINE, r->line, NULL);
		return;
	case DECODED_MALFORMED:
		check_malformed(r, line, len);
		return;
	case DECODED_RECORD:
		break;
	}
	check_finite(r, line, len);
	check_keys(r, line, len);
	check_status(r, &record, line, len);
	check_values(r, &record);
	check_order(r, &record, line, len);
}

void
check_records_end(struct check_records *r, uint64_t torn_bytes)
{
	const struct mapping *m = &r->mapping;
	const struct check_order *order;
	size_t i, gap;

	if (torn_bytes > 0)
		check_add(r->check, CHECK_TORN_LINE, r->line + 1,
		    "%" PRIu64 " bytes", torn_bytes);
	if (m->run_ids.len > 1)
		check_add(r->check, CHECK_MIXED_RUN_IDS, 0, "%zu run IDs",
		    m->run_ids.len);
	if (m->harness && m->experiment_len > m->live_len)
		r->outside++;
	if (m->harness && r->outside > 0)
		check_add(r->check, CHECK_MIXED_HARNESS, 0, NULL);
	for (i = m->experiment_len - m->live_len; i < r->order_len; i++) {
		order = r->orders[i];
		for (gap = 0; gap < order->gap_len; gap++)
			report_gap(r, &order->gaps[gap]);
	}
}

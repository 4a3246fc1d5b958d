#include "wrap/itrack/examine/documents.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format/isotime.h"
#include "mapping/documents.h"
#include "mapping/names.h"

/* A count that is there has to be `want`. */
static void
check_count(struct check *c, enum check_kind kind,
    const struct json_span *object, const char *key, uint64_t want)
{
	struct json_span span = json_member(object, key);
	int64_t count;

	if (span.type == JSON_NONE || span.type == JSON_NULL)
		return;
	if (json_int64(&span, &count) < 0)
		check_add(c, kind, 0, "%s is no integer", key);
	else if (count < 0 || (uint64_t)count != want)
		check_add(c, kind, 0,
		    "%s is %" PRId64 ", the records have %" PRIu64, key, count,
		    want);
}

static uint64_t
count_status(const struct mapping *m, const char *status)
{
	size_t i;

	for (i = 0; i < m->statuses.len; i++)
		if (strcmp(m->statuses.list[i]->text, status) == 0)
			return m->statuses.list[i]->count;
	return 0;
}

static void
check_counts(
    struct check *c, const struct mapping *m, const struct json_span *root)
{
	static const char *const statuses[] = {
	    "success", "error", "timeout", "rate_limited", "skipped"};
	struct json_span custom = json_member(root, "custom");
	struct json_span harness = json_member(&custom, "harness");
	struct json_span counts = json_member(&custom, "status_counts");
	uint64_t timeouts = count_status(m, "timeout");
	size_t i;

	check_count(c, CHECK_RECORD_COUNT_MISMATCH, root, "record_count",
	    m->record_count);
	check_count(c, CHECK_SUCCESS_COUNT_MISMATCH, root, "success_count",
	    count_status(m, "success"));
	check_count(c, CHECK_ERROR_COUNT_MISMATCH, root, "error_count",
	    count_status(m, "error"));
	for (i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
		check_count(c, CHECK_STATUS_COUNTS_MISMATCH, &counts,
		    statuses[i], count_status(m, statuses[i]));
	check_count(c, CHECK_TIMEOUT_COUNT_MISMATCH, &custom, "timeout_count",
	    timeouts);
	check_count(c, CHECK_TIMEOUT_COUNT_MISMATCH, &harness, "timeout_count",
	    timeouts);
	check_count(c, CHECK_EXPERIMENT_COUNT_MISMATCH, &harness,
	    "experiment_count", m->live_len);
}

static bool
read_time(
    struct check *c, const struct json_span *root, const char *key, int64_t *us)
{
	struct json_span span = json_member(root, key);
	char *text;
	int r = -1;

	if (span.type == JSON_NONE || span.type == JSON_NULL)
		return false;
	text = json_text_new(&span);
	if (text != NULL)
		r = isotime_parse(text, strlen(text), us);
	free(text);
	if (r < 0)
		check_add(c, CHECK_MANIFEST_BAD_TIME, 0, "%s", key);
	return r == 0;
}

static void
check_times(struct check *c, const struct json_span *root)
{
	int64_t start_us, end_us;
	bool started, ended;

	read_time(c, root, "created_at", &start_us);
	started = read_time(c, root, "started_at", &start_us);
	ended = read_time(c, root, "completed_at", &end_us);
	if (started && ended && end_us < start_us)
		check_add(c, CHECK_MANIFEST_BAD_TIME, 0,
		    "completed_at is before started_at");
}

static void
check_identity(
    struct check *c, const struct mapping *m, const struct manifest *manifest)
{
	if (manifest->run_id == NULL ||
	    (m->run_ids.len > 0 &&
		strcmp(manifest->run_id, m->run_ids.list[0]->text) != 0))
		check_add(c, CHECK_RUN_ID_MISMATCH, 0, "%s, the records: %s",
		    manifest->run_id != NULL ? manifest->run_id : "none",
		    m->run_ids.len > 0 ? m->run_ids.list[0]->text : "none");
	if (manifest->schema_version != NULL && m->schema_version != NULL &&
	    strcmp(manifest->schema_version, m->schema_version) != 0)
		check_add(c, CHECK_SCHEMA_VERSION_MISMATCH, 0,
		    "%s, the records: %s", manifest->schema_version,
		    m->schema_version);
}

bool
check_manifest(
    struct check *c, const struct mapping *m, const struct json_span *root)
{
	struct manifest manifest;
	struct json_span span;
	bool harness = m->harness;

	if (root->type != JSON_OBJECT)
		return harness;
	manifest_read(&manifest, root->start, root->len);
	harness |= manifest.harness;
	check_identity(c, m, &manifest);
	manifest_release(&manifest);
	check_counts(c, m, root);
	check_times(c, root);
	span = json_member(root, "records_file");
	if (span.type != JSON_NONE &&
	    (span.type != JSON_STRING || !json_is(&span, RECORDS_FILE)))
		check_add(c, CHECK_RECORDS_FILE_MISMATCH, 0, NULL);
	/* Schema 1.0.0 does not have it. */
	span = json_member(root, "run_completed");
	if (span.type != JSON_NONE && span.type != JSON_TRUE)
		check_add(c, CHECK_NOT_COMPLETED, 0, NULL);
	return harness;
}

void
check_summary(
    struct check *c, const struct mapping *m, const char *bytes, size_t len)
{
	struct json_span root = document_root(bytes, len);

	if (root.type != JSON_OBJECT) {
		check_add(c, CHECK_MALFORMED_SUMMARY, 0, NULL);
		return;
	}
	root = json_member(&root, "summary");
	check_count(
	    c, CHECK_SUMMARY_MISMATCH, &root, "total_experiments", m->live_len);
}

void
check_explain(struct check *c, const struct json_span *manifest,
    const char *bytes, size_t len)
{
	struct json_span root = document_root(bytes, len);
	struct json_span a = json_member(&root, "run_id");
	struct json_span b = json_member(manifest, "run_id");

	if (root.type != JSON_OBJECT)
		check_add(c, CHECK_MALFORMED_EXPLAIN, 0, NULL);
	else if (a.type != JSON_NONE && b.type != JSON_NONE &&
	    (a.len != b.len || memcmp(a.start, b.start, a.len) != 0))
		check_add(c, CHECK_EXPLAIN_MISMATCH, 0, NULL);
}

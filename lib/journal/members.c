/* The tables by which an entry is written as a line of JSON, and read.
 *
 * A line begins with the members that say how to read it: `entry`, `time_us`,
 * and in a start entry `version`. The tables have the members behind these. */
#include "journal/members.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"

#define AT(member) FIELD_AT(struct entry, member)
/* A list's place and that of its length. */
#define LIST_AT(member, length) \
	AT(member), .len_at = offsetof(struct entry, length)

static const char *const source_names[] = {"live", "import", "library", NULL};

const char *const run_status_names[] = {"finished", "failed", "killed", NULL};

/* 0 where it is not known. */
static const struct field_range process_id = {0, INT32_MAX};
static const struct field_range experiment_index = {0, ENTRY_EXPERIMENT_MAX};
/* What a process can end with. */
static const struct field_range exit_code = {0, 255};
static const struct field_range signal_number = {0, 127};

/* The ID of a registered version becomes a part of a path in a file store. */
static bool
is_id(const char *text)
{
	return strchr(text, '/') == NULL;
}

static const struct field_form form_id = {is_id, "no ID"};
/* An option's value as it stood on a command line; it may be a path. */
static const struct field_form form_argument = {
    field_is_path, "an option that no command line can have"};

static bool
is_records_word(const char *text)
{
	return strcmp(text, "plain") == 0 || strcmp(text, "text") == 0;
}

static const struct field_form form_records = {
    is_records_word, "neither plain nor text"};

static const struct field target_fields[] = {
    {"tracker", REQUIRED, &field_text, FIELD_AT(struct target, tracker),
	.form = &form_tracker},
    {"options", ALWAYS, &field_pairs, FIELD_AT(struct target, options),
	.len_at = offsetof(struct target, option_len), .form = &form_argument},
    {"destination", OPTIONAL, &field_text,
	FIELD_AT(struct target, destination)},
    {.name = NULL},
};

static const struct field start_fields[] = {
    {"attempt", REQUIRED, &field_text, AT(start.attempt),
	.form = &form_attempt},
    {"source", ALWAYS, &field_word, AT(start.source), .words = source_names},
    {"run_dir", REQUIRED, &field_text, AT(start.run_dir),
	.form = &form_absolute_path},
    {"dir_inode", ALWAYS, &field_int, AT(start.dir_inode)},
    {"dir_birth_ns", ALWAYS, &field_int, AT(start.dir_birth_ns)},
    {"config_path", OPTIONAL, &field_text, AT(start.config_path),
	.form = &form_path},
    {"project", REQUIRED, &field_text, AT(start.project)},
    {"experiment_name", OPTIONAL, &field_text, AT(start.experiment_name)},
    {"run_name", OPTIONAL, &field_text, AT(start.run_name)},
    {"notes", OPTIONAL, &field_text, AT(start.notes)},
    {"prefix", REQUIRED, &field_text, AT(start.prefix)},
    {"resumed_from", OPTIONAL, &field_text, AT(start.resumed_from),
	.form = &form_attempt},
    {"parent", OPTIONAL, &field_text, AT(start.parent), .form = &form_attempt},
    {"open", OPTIONAL, &field_text, AT(start.open)},
    {"no_run", OPTIONAL, &field_bool, AT(start.no_run)},
    {"tags", ALWAYS, &field_texts, LIST_AT(start.tags, start.tag_len)},
    {"targets", ALWAYS, &field_objects,
	LIST_AT(start.targets, start.target_len), .fields = target_fields,
	.item_size = sizeof(struct target)},
    {"host", OPTIONAL, &field_text, AT(start.host)},
    {"boot_id", OPTIONAL, &field_text, AT(start.boot_id)},
    {"pid", ALWAYS, &field_int, AT(start.pid), .range = &process_id},
    {"pid_start", ALWAYS, &field_int, AT(start.pid_start),
	.range = &range_count},
    {"writer", OPTIONAL, &field_int, AT(start.writer), .range = &process_id},
    {"writer_start", OPTIONAL, &field_int, AT(start.writer_start),
	.range = &range_count},
    {"writer_guessed", OPTIONAL, &field_bool, AT(start.writer_guessed)},
    {"user", OPTIONAL, &field_text, AT(start.user)},
    {"command", OPTIONAL, &field_text, AT(start.command)},
    {"git_commit", OPTIONAL, &field_text, AT(start.git_commit)},
    {"git_remote", OPTIONAL, &field_text, AT(start.git_remote)},
    {"where", OPTIONAL, &field_pairs, LIST_AT(start.where, start.where_len)},
    {"group", OPTIONAL, &field_text, AT(start.group)},
    {"cwd", OPTIONAL, &field_text, AT(start.cwd), .form = &form_absolute_path},
    {"artifacts", OPTIONAL, &field_text, AT(start.artifacts)},
    {"points", ALWAYS, &field_int, AT(start.points), .range = &range_count},
    {"records", OPTIONAL, &field_text, AT(start.records),
	.form = &form_records},
    {"records_max", OPTIONAL, &field_int, AT(start.records_max),
	.range = &range_count},
    {.name = NULL},
};

static const struct field run_id_fields[] = {
    {"run_id", REQUIRED, &field_text, AT(run_id)},
    {.name = NULL},
};

static const struct field params_fields[] = {
    {"experiment", OPTIONAL, &field_int, AT(params.experiment),
	.range = &experiment_index, .none = ENTRY_NO_EXPERIMENT},
    {"config", OPTIONAL, &field_bool, AT(params.config)},
    {"stop", OPTIONAL, &field_bool, AT(params.stop)},
    {"params", ALWAYS, &field_params, LIST_AT(params.list, params.len)},
    {.name = NULL},
};

static const struct field experiment_fields[] = {
    {"index", ALWAYS, &field_int, AT(experiment.index),
	.range = &experiment_index},
    {"experiment_id", REQUIRED, &field_text, AT(experiment.id)},
    {"model_name", REQUIRED, &field_text, AT(experiment.model_name)},
    {"model_provider", REQUIRED, &field_text, AT(experiment.model_provider)},
    {"probe_name", REQUIRED, &field_text, AT(experiment.probe_name)},
    {"probe_category", REQUIRED, &field_text, AT(experiment.probe_category)},
    {"name_has_id", ALWAYS, &field_bool, AT(experiment.name_has_id)},
    {"harness", OPTIONAL, &field_bool, AT(experiment.harness)},
    {.name = NULL},
};

static const struct field metrics_fields[] = {
    {"step", ALWAYS, &field_int, AT(metrics.step)},
    {"experiment", OPTIONAL, &field_int, AT(metrics.experiment),
	.range = &experiment_index, .none = ENTRY_NO_EXPERIMENT},
    {"experiment_step", OPTIONAL, &field_int, AT(metrics.experiment_step),
	.range = &range_count},
    {"sample", OPTIONAL, &field_int, AT(metrics.sample), .range = &range_count},
    {"summary", OPTIONAL, &field_bool, AT(metrics.summary)},
    {"records_bytes", OPTIONAL, &field_int, AT(metrics.records_bytes),
	.range = &range_count},
    {"records_crc32c", OPTIONAL, &field_int, AT(metrics.records_crc32c),
	.range = &range_crc32c},
    {"metrics", ALWAYS, &field_metrics, LIST_AT(metrics.list, metrics.len)},
    {.name = NULL},
};

static const struct field_range permissions = {0, 0777};

static const struct field artifact_fields[] = {
    {"name", REQUIRED, &field_text, AT(artifact.name)},
    {"type", REQUIRED, &field_text, AT(artifact.type)},
    {"path", REQUIRED, &field_text, AT(artifact.path),
	.form = &form_absolute_path},
    {"kept", OPTIONAL, &field_text, AT(artifact.kept), .form = &form_kept},
    {"mode", OPTIONAL, &field_int, AT(artifact.mode), .range = &permissions},
    {"size", ALWAYS, &field_int, AT(artifact.size), .range = &range_count},
    {"mtime_ns", ALWAYS, &field_int, AT(artifact.mtime_ns)},
    {"inode", ALWAYS, &field_int, AT(artifact.inode)},
    {.name = NULL},
};

static const struct field table_fields[] = {
    {"name", REQUIRED, &field_text, AT(table.name)},
    {"path", REQUIRED, &field_text, AT(table.path),
	.form = &form_absolute_path},
    {"columns", ALWAYS, &field_texts, LIST_AT(table.columns, table.column_len)},
    {.name = NULL},
};

static const struct field histogram_fields[] = {
    {"name", REQUIRED, &field_text, AT(histogram.name)},
    {"step", ALWAYS, &field_int, AT(histogram.step)},
    {"experiment", OPTIONAL, &field_int, AT(histogram.experiment),
	.range = &experiment_index, .none = ENTRY_NO_EXPERIMENT},
    {"experiment_step", OPTIONAL, &field_int, AT(histogram.experiment_step),
	.range = &range_count},
    {"min", ALWAYS, &field_double, AT(histogram.min)},
    {"max", ALWAYS, &field_double, AT(histogram.max)},
    {"count", ALWAYS, &field_double, AT(histogram.count)},
    {"sum", ALWAYS, &field_double, AT(histogram.sum)},
    {"sum_squares", ALWAYS, &field_double, AT(histogram.sum_squares)},
    {"limits", REQUIRED, &field_doubles,
	LIST_AT(histogram.limits, histogram.len)},
    {"counts", REQUIRED, &field_doubles,
	LIST_AT(histogram.counts, histogram.len)},
    {.name = NULL},
};

static const struct field register_fields[] = {
    {"uri", REQUIRED, &field_text, AT(registration.uri)},
    {"name", REQUIRED, &field_text, AT(registration.name)},
    {"id", REQUIRED, &field_text, AT(registration.id), .form = &form_id},
    {.name = NULL},
};

/* A record's number, and steps between them. */
static const struct field_range range_from_one = {1, INT64_MAX};
static const struct field_range experiment_or_none = {
    ENTRY_NO_EXPERIMENT, ENTRY_EXPERIMENT_MAX};

static const struct field records_fields[] = {
    {"path", REQUIRED, &field_text, AT(records.path),
	.form = &form_absolute_path},
    {"kept", OPTIONAL, &field_text, AT(records.kept), .form = &form_kept},
    {"offset", ALWAYS, &field_int, AT(records.offset), .range = &range_count},
    {"length", ALWAYS, &field_int, AT(records.length), .range = &range_count},
    {"crc32c", ALWAYS, &field_int, AT(records.crc32c), .range = &range_crc32c},
    {"first", REQUIRED, &field_int, AT(records.first),
	.range = &range_from_one},
    {"count", ALWAYS, &field_int, AT(records.count), .range = &range_count},
    {"every", REQUIRED, &field_int, AT(records.every),
	.range = &range_from_one},
    {"ages_us", OPTIONAL, &field_ints,
	LIST_AT(records.ages_us, records.age_len), .range = &range_count},
    {"experiments", OPTIONAL, &field_ints,
	LIST_AT(records.experiments, records.experiment_len),
	.range = &experiment_or_none},
    {.name = NULL},
};

static const struct field end_fields[] = {
    {"status", ALWAYS, &field_word, AT(end.status), .words = run_status_names},
    {"word", OPTIONAL, &field_text, AT(end.word)},
    {"last_step", ALWAYS, &field_int, AT(end.last_step)},
    {"exit_code", OPTIONAL, &field_int, AT(end.exit_code), .range = &exit_code,
	.none = ENTRY_NO_EXIT_CODE},
    {"exit_signal", OPTIONAL, &field_int, AT(end.exit_signal),
	.range = &signal_number},
    {"event", OPTIONAL, &field_text, AT(end.event)},
    {"notified", OPTIONAL, &field_texts,
	LIST_AT(end.notified, end.notified_len)},
    {.name = NULL},
};

const struct entry_format entry_formats[ENTRY_KIND_COUNT] = {
    [ENTRY_START] = {"start", start_fields},
    [ENTRY_RUN_ID] = {"run_id", run_id_fields},
    [ENTRY_PARAMS] = {"params", params_fields},
    [ENTRY_EXPERIMENT] = {"experiment", experiment_fields},
    [ENTRY_METRICS] = {"metrics", metrics_fields},
    [ENTRY_ARTIFACT] = {"artifact", artifact_fields},
    [ENTRY_TABLE] = {"table", table_fields},
    [ENTRY_HISTOGRAM] = {"histogram", histogram_fields},
    [ENTRY_REGISTER] = {"register", register_fields},
    [ENTRY_RECORDS] = {"records", records_fields},
    [ENTRY_END] = {"end", end_fields},
};

void
entry_init(struct entry *e, enum entry_kind kind, int64_t time_us)
{
	*e = (struct entry){.kind = kind, .time_us = clock_clamp_us(time_us)};
	fields_init(entry_formats[kind].fields, e);
}

void
target_release(struct target *t)
{
	fields_release(target_fields, t);
}

void
entry_release(struct entry *e)
{
	fields_release(entry_formats[e->kind].fields, e);
	memset(e, 0, sizeof *e);
}

int
entry_encode(const struct entry *e, struct buf *out)
{
	const struct entry_format *format = &entry_formats[e->kind];
	size_t before = out->len;
	struct jsonwrite w;

	jsonwrite_init(&w, out, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	jsonwrite_text_member(&w, "entry", format->name);
	jsonwrite_int_member(&w, "time_us", e->time_us);
	if (e->kind == ENTRY_START)
		jsonwrite_int_member(&w, "version", ENTRY_FORMAT_VERSION);
	fields_put(format->fields, e, &w);
	jsonwrite_close(&w, '}');
	buf_addc(out, '\n');
	if (!buf_overflowed(out) && out->len - before <= ENTRY_LINE_MAX)
		return 0;
	buf_truncate(out, before);
	out->overflow = false;
	return -EMSGSIZE;
}

/* The members that say how to read the rest. */
struct head {
	struct json_span kind, time, version;
	bool rest; /* other members stand between */
};

static bool
is_whole(const struct head *h)
{
	return h->kind.type != JSON_NONE && h->time.type != JSON_NONE &&
	    (h->version.type != JSON_NONE ||
		!json_is(&h->kind, entry_formats[ENTRY_START].name));
}

/* We write the head at the beginning, so the search ends with it. */
static void
find_head(struct jsonscan *s, struct head *head)
{
	struct json_span key, value;

	*head = (struct head){.rest = false};
	while (!is_whole(head) && jsonscan_member(s, &key) > 0 &&
	    jsonscan_value(s, &value) == 0) {
		/* The first of two counts, because journal_peek() sees only
		 * that one. */
		if (json_is(&key, "entry") && head->kind.type == JSON_NONE)
			head->kind = value;
		else if (json_is(&key, "time_us"))
			head->time = value;
		else if (json_is(&key, "version"))
			head->version = value;
		else
			head->rest = true;
	}
}

static int
take_head(const struct head *head, struct entry *e, struct err *err)
{
	int64_t time_us, number;

	if (head->kind.type != JSON_STRING ||
	    json_int64(&head->time, &time_us) < 0)
		return err_set(err, -EBADMSG, "no journal entry");
	if (time_us < CLOCK_FIRST_US || time_us > CLOCK_LAST_US)
		return err_set(
		    err, -EBADMSG, "a journal entry: time_us: out of range");
	for (int i = 0; i < ENTRY_KIND_COUNT; i++)
		if (json_is(&head->kind, entry_formats[i].name)) {
			entry_init(e, (enum entry_kind)i, time_us);
			if (i != ENTRY_START ||
			    (json_int64(&head->version, &number) == 0 &&
				number == ENTRY_FORMAT_VERSION))
				return 0;
			return err_set(err, -EPROTONOSUPPORT,
			    "journal format is not version %d: written by "
			    "another version of itrack",
			    ENTRY_FORMAT_VERSION);
		}
	return err_set(err, -EPROTONOSUPPORT,
	    "unknown kind of journal entry: written by a newer itrack");
}

static int
not_json(const struct jsonscan *s, struct err *err)
{
	return err_set(
	    err, -EBADMSG, "not JSON at byte %zu", jsonscan_offset(s));
}

/* `s` is behind the head. */
static int
take_rest(struct jsonscan *s, struct entry *e, struct err *err)
{
	const struct entry_format *format = &entry_formats[e->kind];
	int result = fields_take(format->fields, e, s, err);

	if (s->error != 0 || (result == 0 && jsonscan_end(s) < 0))
		return not_json(s, err);
	if (result < 0)
		err_prefix(err, "a journal entry (%s)", format->name);
	return result;
}

int
entry_decode(struct entry *e, const char *line, size_t len, struct err *err)
{
	struct jsonscan s;
	struct head head;
	int result;

	jsonscan_init(&s, line, len);
	if (jsonscan_enter(&s, '{') < 0)
		return not_json(&s, err);
	find_head(&s, &head);
	if (s.error != 0)
		return not_json(&s, err);
	result = take_head(&head, e, err);
	if (result < 0)
		return result;
	if (head.rest) {
		jsonscan_init(&s, line, len);
		jsonscan_enter(&s, '{');
	}
	result = take_rest(&s, e, err);
	if (result < 0)
		entry_release(e);
	return result;
}

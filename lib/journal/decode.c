/* A line of JSON as an entry: the reading half of the journal's format.
 *
 * What says how to read a line stands at its beginning. Each kind has a
 * function that takes one member; what it does not know it passes over, so that
 * a newer writer may add members. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "format/jsonscan.h"
#include "journal/entry.h"
#include "journal/member.h"
#include "journal/names.h"
#include "journal/state.h"

/* What a process can end with. */
#define EXIT_CODE_MAX 255
#define SIGNAL_MAX    127

static bool
take_experiment_index(struct member *m, int64_t *field)
{
	return take_int(m, "experiment", 0, ENTRY_EXPERIMENT_MAX, field);
}

/* What stood on a command line: a directory is a path as well. */
static void
decode_options(
    struct member *m, struct target *t, const struct json_span *object)
{
	struct jsonscan s;
	struct json_span key, value;

	jsonscan_init_span(&s, object);
	if (jsonscan_enter(&s, '{') < 0) {
		m->wrong = "options that are no object";
		return;
	}
	while (jsonscan_member(&s, &key) > 0) {
		struct pair *pair;

		jsonscan_value(&s, &value);
		if (value.type != JSON_STRING) {
			m->wrong = "an option that is no text";
			return;
		}
		t->options = xreallocarray(
		    t->options, t->option_len + 1, sizeof *t->options);
		pair = &t->options[t->option_len++];
		*pair =
		    (struct pair){json_text_new(&key), json_text_new(&value)};
		if (!member_is_path(pair->text))
			m->wrong = "an option that no command line can have";
	}
}

static void
take_target(
    struct member *m, struct entry_start *start, const struct json_span *item)
{
	struct json_span name = json_member(item, "tracker");
	struct json_span options = json_member(item, "options");
	struct json_span destination = json_member(item, "destination");
	struct target *t;

	if (name.type != JSON_STRING) {
		m->wrong = "a target without a tracker";
		return;
	}
	start->targets = xreallocarray(
	    start->targets, start->target_len + 1, sizeof *start->targets);
	t = &start->targets[start->target_len++];
	*t = (struct target){.tracker = json_text_new(&name),
	    .destination = json_text_new(&destination)};
	if (!state_is_tracker(t->tracker))
		m->wrong = "no name of a tracker";
	else if (options.type != JSON_NONE)
		decode_options(m, t, &options);
}

static bool
take_targets(struct member *m, struct entry_start *start)
{
	struct jsonscan s;
	struct json_span item;

	if (!member_is(m, "targets"))
		return false;
	if (!member_enter(m, &s, '['))
		return true;
	while (m->wrong == NULL && jsonscan_element(&s) > 0) {
		jsonscan_value(&s, &item);
		take_target(m, start, &item);
	}
	return true;
}

/* Who writes: a process ID is 0 where it is not known. */
static bool
take_process(struct member *m, struct entry_start *s)
{
	return take_text(m, "host", &s->host) ||
	    take_text(m, "boot_id", &s->boot_id) ||
	    take_int(m, "pid", 0, INT32_MAX, &s->pid) ||
	    take_count(m, "pid_start", &s->pid_start) ||
	    take_int(m, "writer", 0, INT32_MAX, &s->writer) ||
	    take_count(m, "writer_start", &s->writer_start);
}

static bool
take_start(struct entry *e, struct member *m)
{
	struct entry_start *s = &e->start;
	int source = 0;

	if (take_word(
		m, "source", entry_source_names, ENTRY_SOURCE_COUNT, &source)) {
		s->source = (enum run_source)source;
		return true;
	}
	return take_attempt(m, "attempt", &s->attempt) ||
	    take_path(m, "run_dir", &s->run_dir) ||
	    take_any_int(m, "dir_inode", &s->dir_inode) ||
	    take_any_int(m, "dir_birth_ns", &s->dir_birth_ns) ||
	    take_path(m, "config_path", &s->config_path) ||
	    take_text(m, "project", &s->project) ||
	    take_text(m, "experiment_name", &s->experiment_name) ||
	    take_text(m, "run_name", &s->run_name) ||
	    take_text(m, "notes", &s->notes) ||
	    take_text(m, "prefix", &s->prefix) ||
	    take_attempt(m, "resumed_from", &s->resumed_from) ||
	    take_attempt(m, "parent", &s->parent) ||
	    take_text(m, "open", &s->open) ||
	    take_bool(m, "no_run", &s->no_run) ||
	    take_texts(m, "tags", &s->tags, &s->tag_len) ||
	    take_targets(m, s) || take_process(m, s) ||
	    take_text(m, "user", &s->user) ||
	    take_text(m, "command", &s->command) ||
	    take_text(m, "git_commit", &s->git_commit) ||
	    take_text(m, "git_remote", &s->git_remote) ||
	    take_path(m, "cwd", &s->cwd) ||
	    take_text(m, "artifacts", &s->artifacts) ||
	    take_count(m, "points", &s->points);
}

/* A double stands in a list, so that a quoted NaN is no text. */
static int
double_of(const struct json_span *value, double *number)
{
	struct jsonscan s;
	struct json_span item;

	jsonscan_init_span(&s, value);
	if (jsonscan_enter(&s, '[') < 0 || jsonscan_element(&s) <= 0 ||
	    jsonscan_value(&s, &item) < 0 || jsonscan_element(&s) != 0)
		return -EINVAL;
	return member_number(&item, number);
}

static int
add_param(struct entry *e, const char *name, const struct json_span *value)
{
	int64_t integer;
	double number;
	char *text;

	switch (value->type) {
	case JSON_STRING:
		text = json_text_new(value);
		entry_add_param_text(e, name, text);
		free(text);
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		entry_add_param_bool(e, name, value->type == JSON_TRUE);
		return 0;
	case JSON_NULL:
		entry_add_param_null(e, name);
		return 0;
	case JSON_INTEGER:
		if (json_int64(value, &integer) < 0)
			return -ERANGE;
		entry_add_param_integer(e, name, integer);
		return 0;
	case JSON_ARRAY:
		if (double_of(value, &number) < 0)
			return -EINVAL;
		entry_add_param_double(e, name, number);
		return 0;
	default:
		return -EINVAL;
	}
}

static bool
take_params(struct entry *e, struct member *m)
{
	struct jsonscan s;
	struct json_span name, item;

	if (!member_is(m, "params"))
		return take_experiment_index(m, &e->params.experiment);
	if (!member_enter(m, &s, '{'))
		return true;
	while (jsonscan_member(&s, &name) > 0) {
		char *text = json_text_new(&name);

		jsonscan_value(&s, &item);
		if (add_param(e, text, &item) < 0)
			m->wrong = "a value that no param has";
		free(text);
	}
	return true;
}

static bool
take_experiment(struct entry *e, struct member *m)
{
	struct entry_experiment *x = &e->experiment;

	return take_int(m, "index", 0, ENTRY_EXPERIMENT_MAX, &x->index) ||
	    take_text(m, "experiment_id", &x->id) ||
	    take_text(m, "model_name", &x->model_name) ||
	    take_text(m, "model_provider", &x->model_provider) ||
	    take_text(m, "probe_name", &x->probe_name) ||
	    take_text(m, "probe_category", &x->probe_category) ||
	    take_bool(m, "name_has_id", &x->name_has_id);
}

static bool
take_metrics(struct entry *e, struct member *m)
{
	struct entry_metrics *metrics = &e->metrics;

	return take_any_int(m, "step", &metrics->step) ||
	    take_experiment_index(m, &metrics->experiment) ||
	    take_count(m, "records_bytes", &metrics->records_bytes) ||
	    take_int(
		m, "records_crc32c", 0, UINT32_MAX, &metrics->records_crc32c);
}

/* The metrics themselves, read where they stand: nearly every line has them,
 * and most of it is them. */
static void
take_values(struct entry *e, struct member *m, struct jsonscan *s)
{
	struct json_span name, item;
	double number;

	if (jsonscan_enter(s, '{') < 0) {
		m->wrong = "no object";
		return;
	}
	while (jsonscan_member(s, &name) > 0 && jsonscan_value(s, &item) == 0) {
		if (member_number(&item, &number) < 0)
			m->wrong = "a value that is no number";
		else
			entry_take_metric(e, json_text_new(&name), number);
	}
}

static bool
take_artifact(struct entry *e, struct member *m)
{
	struct entry_artifact *a = &e->artifact;
	int64_t inode;

	if (take_any_int(m, "inode", &inode)) {
		if (m->wrong == NULL)
			a->inode = (uint64_t)inode;
		return true;
	}
	return take_text(m, "name", &a->name) ||
	    take_text(m, "type", &a->type) || take_path(m, "path", &a->path) ||
	    take_kept(m, "kept", &a->kept) || take_count(m, "size", &a->size) ||
	    take_any_int(m, "mtime_ns", &a->mtime_ns);
}

static bool
take_table(struct entry *e, struct member *m)
{
	struct entry_table *t = &e->table;

	return take_text(m, "name", &t->name) ||
	    take_path(m, "path", &t->path) ||
	    take_texts(m, "columns", &t->columns, &t->column_len);
}

static bool
take_histogram(struct entry *e, struct member *m)
{
	struct entry_histogram *h = &e->histogram;
	size_t len = 0;
	bool counts = take_doubles(m, "counts", &h->counts, &len);
	bool limits = !counts && take_doubles(m, "limits", &h->limits, &len);

	if (counts || limits) {
		/* Both lists are of one length. */
		if ((counts ? h->limits : h->counts) != NULL && len != h->len)
			m->wrong = "not as long as limits and counts are";
		h->len = len;
		return true;
	}
	return take_text(m, "name", &h->name) ||
	    take_any_int(m, "step", &h->step) ||
	    take_experiment_index(m, &h->experiment) ||
	    take_double(m, "min", &h->min) || take_double(m, "max", &h->max) ||
	    take_double(m, "count", &h->count) ||
	    take_double(m, "sum", &h->sum) ||
	    take_double(m, "sum_squares", &h->sum_squares);
}

/* The ID becomes a part of a path in a file store. */
static bool
take_register(struct entry *e, struct member *m)
{
	struct entry_register *r = &e->registration;

	if (take_text(m, "id", &r->id)) {
		if (r->id != NULL && strchr(r->id, '/') != NULL)
			m->wrong = "no ID";
		return true;
	}
	return take_text(m, "uri", &r->uri) || take_text(m, "name", &r->name);
}

static bool
take_end(struct entry *e, struct member *m)
{
	struct entry_end *end = &e->end;
	const char *words[ENTRY_STATUS_COUNT];
	int64_t number = 0;
	int status = 0;

	for (int i = 0; i < ENTRY_STATUS_COUNT; i++)
		words[i] = run_status_name((enum run_status)i);
	if (take_word(m, "status", words, ENTRY_STATUS_COUNT, &status)) {
		end->status = (enum run_status)status;
		return true;
	}
	if (take_int(m, "exit_code", 0, EXIT_CODE_MAX, &number)) {
		end->has_exit_code = true;
		end->exit_code = (int)number;
		return true;
	}
	if (take_int(m, "exit_signal", 0, SIGNAL_MAX, &number)) {
		end->exit_signal = (int)number;
		return true;
	}
	return take_any_int(m, "last_step", &end->last_step);
}

static bool
take_run_id(struct entry *e, struct member *m)
{
	return take_text(m, "run_id", &e->run_id);
}

typedef bool take_member(struct entry *e, struct member *m);

static take_member *const takers[ENTRY_KIND_COUNT] = {
    [ENTRY_START] = take_start,
    [ENTRY_RUN_ID] = take_run_id,
    [ENTRY_PARAMS] = take_params,
    [ENTRY_EXPERIMENT] = take_experiment,
    [ENTRY_METRICS] = take_metrics,
    [ENTRY_ARTIFACT] = take_artifact,
    [ENTRY_TABLE] = take_table,
    [ENTRY_HISTOGRAM] = take_histogram,
    [ENTRY_REGISTER] = take_register,
    [ENTRY_END] = take_end,
};

/* Members that users of an entry rely on. */
static bool
is_complete(const struct entry *e)
{
	const struct entry_experiment *x = &e->experiment;

	switch (e->kind) {
	case ENTRY_START:
		return e->start.attempt != NULL && e->start.run_dir != NULL &&
		    e->start.project != NULL && e->start.prefix != NULL;
	case ENTRY_RUN_ID:
		return e->run_id != NULL;
	case ENTRY_EXPERIMENT:
		return x->id != NULL && x->model_name != NULL &&
		    x->model_provider != NULL && x->probe_name != NULL &&
		    x->probe_category != NULL;
	case ENTRY_ARTIFACT:
		return e->artifact.name != NULL && e->artifact.path != NULL &&
		    e->artifact.type != NULL;
	case ENTRY_TABLE:
		return e->table.name != NULL && e->table.path != NULL;
	case ENTRY_HISTOGRAM:
		return e->histogram.name != NULL &&
		    (e->histogram.len == 0 ||
			(e->histogram.limits != NULL &&
			    e->histogram.counts != NULL));
	case ENTRY_REGISTER:
		return e->registration.uri != NULL &&
		    e->registration.name != NULL && e->registration.id != NULL;
	default:
		return true;
	}
}

static int
not_json(const struct jsonscan *s, struct err *err)
{
	return err_set(
	    err, -EBADMSG, "not JSON at byte %zu", jsonscan_offset(s));
}

/* What says how the rest is to be read. */
struct head {
	struct json_span kind, time, version;
};

static bool
is_whole(const struct head *h)
{
	return h->kind.type != JSON_NONE && h->time.type != JSON_NONE &&
	    (h->version.type != JSON_NONE ||
		!json_is(&h->kind, entry_kind_names[ENTRY_START]));
}

/* It stands at the beginning, as we write it: the rest is not looked at. */
static int
find_head(const char *line, size_t len, struct head *head, struct err *err)
{
	struct json_span key, value;
	struct jsonscan s;

	*head = (struct head){0};
	jsonscan_init(&s, line, len);
	if (jsonscan_enter(&s, '{') < 0)
		return not_json(&s, err);
	while (!is_whole(head) && jsonscan_member(&s, &key) > 0 &&
	    jsonscan_value(&s, &value) == 0) {
		/* Of two the first counts, as for who looks at it alone. */
		if (json_is(&key, "entry") && head->kind.type == JSON_NONE)
			head->kind = value;
		else if (json_is(&key, "time_us"))
			head->time = value;
		else if (json_is(&key, "version"))
			head->version = value;
	}
	return s.error == 0 ? 0 : not_json(&s, err);
}

static int
decode_head(const char *line, size_t len, struct entry *e, struct err *err)
{
	struct head head;
	int64_t time_us, number;
	int result = find_head(line, len, &head, err);

	if (result < 0)
		return result;
	if (head.kind.type != JSON_STRING ||
	    json_int64(&head.time, &time_us) < 0)
		return err_set(err, -EBADMSG, "no journal entry");
	if (time_us < CLOCK_FIRST_US || time_us > CLOCK_LAST_US)
		return err_set(
		    err, -EBADMSG, "a journal entry: time_us: out of range");
	for (int i = 0; i < ENTRY_KIND_COUNT; i++)
		if (json_is(&head.kind, entry_kind_names[i])) {
			entry_init(e, (enum entry_kind)i, time_us);
			if (i != ENTRY_START ||
			    (json_int64(&head.version, &number) == 0 &&
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
refuse(const struct entry *e, const struct member *m, struct err *err)
{
	int result = member_refuse(m, err);

	err_prefix(err, "a journal entry (%s)", entry_kind_names[e->kind]);
	return result;
}

static int
decode_rest(const char *line, size_t len, struct entry *e, struct err *err)
{
	struct member m = {.wrong = NULL};
	struct jsonscan s;

	jsonscan_init(&s, line, len);
	jsonscan_enter(&s, '{');
	while (m.wrong == NULL && jsonscan_member(&s, &m.key) > 0)
		if (e->kind == ENTRY_METRICS && json_is(&m.key, "metrics"))
			take_values(e, &m, &s);
		else if (jsonscan_value(&s, &m.value) == 0)
			takers[e->kind](e, &m);
	if (m.wrong != NULL && s.error == 0)
		return refuse(e, &m, err);
	if (jsonscan_end(&s) < 0)
		return not_json(&s, err);
	if (is_complete(e))
		return 0;
	return err_set(err, -EBADMSG, "a journal entry (%s) lacks members",
	    entry_kind_names[e->kind]);
}

int
entry_decode(struct entry *e, const char *line, size_t len, struct err *err)
{
	int result = decode_head(line, len, e, err);

	if (result < 0)
		return result;
	result = decode_rest(line, len, e, err);
	if (result < 0)
		entry_release(e);
	return result;
}

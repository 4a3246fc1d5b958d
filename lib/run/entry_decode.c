/* A line of JSON as an entry: the reading half of the journal's format.
 *
 * What says how to read a line stands at its beginning. Each kind has a
 * function that takes one member; what it does not know it passes over, so that
 * a newer writer may add members. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/jsonscan.h"
#include "journal/entry.h"
#include "journal/names.h"

static bool
take_text(const struct json_span *key, const char *name,
    const struct json_span *value, char **field)
{
	if (!json_is(key, name))
		return false;
	free(*field);
	*field = json_text_new(value);
	return true;
}

static bool
take_int(const struct json_span *key, const char *name,
    const struct json_span *value, int64_t *field)
{
	if (!json_is(key, name))
		return false;
	if (json_int64(value, field) < 0)
		*field = 0;
	return true;
}

/* A number, or one of the three quoted ones. */
static double
number_of(const struct json_span *value)
{
	double number;

	if (json_double(value, &number) == 0)
		return number;
	if (json_is(value, "Infinity"))
		return INFINITY;
	if (json_is(value, "-Infinity"))
		return -INFINITY;
	return NAN;
}

static bool
take_double(const struct json_span *key, const char *name,
    const struct json_span *value, double *field)
{
	if (!json_is(key, name))
		return false;
	*field = number_of(value);
	return true;
}

static bool
take_texts(const struct json_span *key, const char *name,
    const struct json_span *value, char ***list, size_t *len)
{
	struct jsonscan s;
	struct json_span item;

	if (!json_is(key, name))
		return false;
	jsonscan_init_span(&s, value);
	if (jsonscan_enter(&s, '[') < 0)
		return true;
	while (jsonscan_element(&s) > 0) {
		jsonscan_value(&s, &item);
		if (item.type != JSON_STRING)
			continue;
		*list = xreallocarray(*list, *len + 1, sizeof **list);
		(*list)[(*len)++] = json_text_new(&item);
	}
	return true;
}

static bool
take_doubles(const struct json_span *key, const char *name,
    const struct json_span *value, double **list, size_t *len)
{
	struct jsonscan s;
	struct json_span item;
	size_t n = 0;

	if (!json_is(key, name))
		return false;
	jsonscan_init_span(&s, value);
	if (jsonscan_enter(&s, '[') < 0)
		return true;
	while (jsonscan_element(&s) > 0) {
		jsonscan_value(&s, &item);
		*list = xreallocarray(*list, n + 1, sizeof **list);
		(*list)[n++] = number_of(&item);
	}
	*len = n;
	return true;
}

static void
decode_options(struct target *t, const struct json_span *object)
{
	struct jsonscan s;
	struct json_span key, value;

	jsonscan_init_span(&s, object);
	if (jsonscan_enter(&s, '{') < 0)
		return;
	while (jsonscan_member(&s, &key) > 0) {
		jsonscan_value(&s, &value);
		if (value.type != JSON_STRING)
			continue;
		t->options = xreallocarray(
		    t->options, t->option_len + 1, sizeof *t->options);
		t->options[t->option_len++] =
		    (struct pair){json_text_new(&key), json_text_new(&value)};
	}
}

static bool
take_targets(const struct json_span *key, const struct json_span *value,
    struct entry_start *start)
{
	struct jsonscan s;
	struct json_span item, name, options;

	if (!json_is(key, "targets"))
		return false;
	jsonscan_init_span(&s, value);
	if (jsonscan_enter(&s, '[') < 0)
		return true;
	while (jsonscan_element(&s) > 0) {
		struct target *t;

		jsonscan_value(&s, &item);
		name = json_member(&item, "tracker");
		options = json_member(&item, "options");
		if (name.type != JSON_STRING)
			continue;
		start->targets = xreallocarray(start->targets,
		    start->target_len + 1, sizeof *start->targets);
		t = &start->targets[start->target_len++];
		*t = (struct target){.tracker = json_text_new(&name)};
		if (options.type == JSON_OBJECT)
			decode_options(t, &options);
	}
	return true;
}

static bool
take_start(
    struct entry *e, const struct json_span *key, const struct json_span *value)
{
	struct entry_start *s = &e->start;

	if (json_is(key, "source")) {
		for (int i = 0; i < ENTRY_SOURCE_COUNT; i++)
			if (json_is(value, entry_source_names[i]))
				s->source = (enum run_source)i;
		return true;
	}
	if (json_is(key, "no_run")) {
		s->no_run = value->type == JSON_TRUE;
		return true;
	}
	return take_text(key, "attempt", value, &s->attempt) ||
	    take_text(key, "run_dir", value, &s->run_dir) ||
	    take_int(key, "dir_inode", value, &s->dir_inode) ||
	    take_int(key, "dir_birth_ns", value, &s->dir_birth_ns) ||
	    take_text(key, "config_path", value, &s->config_path) ||
	    take_text(key, "project", value, &s->project) ||
	    take_text(key, "experiment_name", value, &s->experiment_name) ||
	    take_text(key, "run_name", value, &s->run_name) ||
	    take_text(key, "notes", value, &s->notes) ||
	    take_text(key, "prefix", value, &s->prefix) ||
	    take_text(key, "resumed_from", value, &s->resumed_from) ||
	    take_text(key, "parent", value, &s->parent) ||
	    take_text(key, "open", value, &s->open) ||
	    take_texts(key, "tags", value, &s->tags, &s->tag_len) ||
	    take_targets(key, value, s) ||
	    take_text(key, "host", value, &s->host) ||
	    take_text(key, "boot_id", value, &s->boot_id) ||
	    take_int(key, "pid", value, &s->pid) ||
	    take_int(key, "pid_start", value, &s->pid_start) ||
	    take_int(key, "writer", value, &s->writer) ||
	    take_int(key, "writer_start", value, &s->writer_start) ||
	    take_text(key, "user", value, &s->user) ||
	    take_text(key, "command", value, &s->command) ||
	    take_text(key, "git_commit", value, &s->git_commit) ||
	    take_text(key, "git_remote", value, &s->git_remote) ||
	    take_text(key, "cwd", value, &s->cwd) ||
	    take_text(key, "artifacts", value, &s->artifacts) ||
	    take_int(key, "points", value, &s->points);
}

static void
add_param(struct entry *e, const char *name, const struct json_span *value)
{
	struct jsonscan s;
	struct json_span item;
	int64_t integer;
	char *text;

	switch (value->type) {
	case JSON_STRING:
		text = json_text_new(value);
		entry_add_param_text(e, name, text);
		free(text);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		entry_add_param_bool(e, name, value->type == JSON_TRUE);
		break;
	case JSON_INTEGER:
		if (json_int64(value, &integer) == 0)
			entry_add_param_integer(e, name, integer);
		break;
	case JSON_ARRAY:
		jsonscan_init_span(&s, value);
		if (jsonscan_enter(&s, '[') == 0 && jsonscan_element(&s) > 0 &&
		    jsonscan_value(&s, &item) == 0)
			entry_add_param_double(e, name, number_of(&item));
		break;
	default:
		entry_add_param_null(e, name);
	}
}

static bool
take_params(
    struct entry *e, const struct json_span *key, const struct json_span *value)
{
	struct jsonscan s;
	struct json_span name, item;

	if (!json_is(key, "params"))
		return take_int(
		    key, "experiment", value, &e->params.experiment);
	jsonscan_init_span(&s, value);
	if (jsonscan_enter(&s, '{') < 0)
		return true;
	while (jsonscan_member(&s, &name) > 0) {
		char *text = json_text_new(&name);

		jsonscan_value(&s, &item);
		add_param(e, text, &item);
		free(text);
	}
	return true;
}

static bool
take_experiment(
    struct entry *e, const struct json_span *key, const struct json_span *value)
{
	struct entry_experiment *x = &e->experiment;

	if (json_is(key, "name_has_id")) {
		x->name_has_id = value->type == JSON_TRUE;
		return true;
	}
	return take_int(key, "index", value, &x->index) ||
	    take_text(key, "experiment_id", value, &x->id) ||
	    take_text(key, "model_name", value, &x->model_name) ||
	    take_text(key, "model_provider", value, &x->model_provider) ||
	    take_text(key, "probe_name", value, &x->probe_name) ||
	    take_text(key, "probe_category", value, &x->probe_category);
}

static bool
take_metrics(
    struct entry *e, const struct json_span *key, const struct json_span *value)
{
	struct entry_metrics *m = &e->metrics;

	return take_int(key, "step", value, &m->step) ||
	    take_int(key, "experiment", value, &m->experiment) ||
	    take_int(key, "records_bytes", value, &m->records_bytes) ||
	    take_int(key, "records_crc32c", value, &m->records_crc32c);
}

/* The metrics themselves, read where they stand: nearly every line has them,
 * and most of it is them. */
static void
take_values(struct entry *e, struct jsonscan *s)
{
	struct json_span name, item;

	if (jsonscan_enter(s, '{') < 0)
		return;
	while (jsonscan_member(s, &name) > 0 && jsonscan_value(s, &item) == 0)
		entry_take_metric(e, json_text_new(&name), number_of(&item));
}

static bool
take_artifact(
    struct entry *e, const struct json_span *key, const struct json_span *value)
{
	struct entry_artifact *a = &e->artifact;
	int64_t inode;

	if (take_int(key, "inode", value, &inode)) {
		a->inode = (uint64_t)inode;
		return true;
	}
	return take_text(key, "name", value, &a->name) ||
	    take_text(key, "type", value, &a->type) ||
	    take_text(key, "path", value, &a->path) ||
	    take_int(key, "size", value, &a->size) ||
	    take_int(key, "mtime_ns", value, &a->mtime_ns);
}

static bool
take_table(
    struct entry *e, const struct json_span *key, const struct json_span *value)
{
	struct entry_table *t = &e->table;

	return take_text(key, "name", value, &t->name) ||
	    take_text(key, "path", value, &t->path) ||
	    take_texts(key, "columns", value, &t->columns, &t->column_len);
}

static bool
take_histogram(
    struct entry *e, const struct json_span *key, const struct json_span *value)
{
	struct entry_histogram *h = &e->histogram;
	size_t len = 0;

	/* Both lists are of one length; a file that lies gets the shorter. */
	if (take_doubles(key, "counts", value, &h->counts, &len)) {
		if (h->limits == NULL || len < h->len)
			h->len = len;
		return true;
	}
	if (take_doubles(key, "limits", value, &h->limits, &len)) {
		if (h->counts == NULL || len < h->len)
			h->len = len;
		return true;
	}
	return take_text(key, "name", value, &h->name) ||
	    take_int(key, "step", value, &h->step) ||
	    take_int(key, "experiment", value, &h->experiment) ||
	    take_double(key, "min", value, &h->min) ||
	    take_double(key, "max", value, &h->max) ||
	    take_double(key, "count", value, &h->count) ||
	    take_double(key, "sum", value, &h->sum) ||
	    take_double(key, "sum_squares", value, &h->sum_squares);
}

static bool
take_register(
    struct entry *e, const struct json_span *key, const struct json_span *value)
{
	struct entry_register *r = &e->registration;

	return take_text(key, "uri", value, &r->uri) ||
	    take_text(key, "name", value, &r->name) ||
	    take_text(key, "id", value, &r->id);
}

static bool
take_end(
    struct entry *e, const struct json_span *key, const struct json_span *value)
{
	struct entry_end *end = &e->end;
	int64_t number;

	if (json_is(key, "status")) {
		for (int i = 0; i < ENTRY_STATUS_COUNT; i++)
			if (json_is(value, run_status_name((enum run_status)i)))
				end->status = (enum run_status)i;
		return true;
	}
	if (take_int(key, "exit_code", value, &number)) {
		end->has_exit_code = true;
		end->exit_code = (int)number;
		return true;
	}
	if (take_int(key, "exit_signal", value, &number)) {
		end->exit_signal = (int)number;
		return true;
	}
	return take_int(key, "last_step", value, &end->last_step);
}

static bool
take_run_id(
    struct entry *e, const struct json_span *key, const struct json_span *value)
{
	return take_text(key, "run_id", value, &e->run_id);
}

typedef bool take_member(struct entry *e, const struct json_span *key,
    const struct json_span *value);

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
		    x->probe_category != NULL && x->index >= 0;
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
		if (json_is(&key, "entry"))
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
decode_rest(const char *line, size_t len, struct entry *e, struct err *err)
{
	struct json_span key, value;
	struct jsonscan s;

	jsonscan_init(&s, line, len);
	jsonscan_enter(&s, '{');
	while (jsonscan_member(&s, &key) > 0)
		if (e->kind == ENTRY_METRICS && json_is(&key, "metrics"))
			take_values(e, &s);
		else if (jsonscan_value(&s, &value) == 0)
			takers[e->kind](e, &key, &value);
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

/* An entry as a line of JSON: the writing half of the journal's format. */
#include <errno.h>

#include "format/jsonwrite.h"
#include "journal/entry.h"
#include "journal/names.h"

/* Members whose text is NULL are left out. */
static void
put_text(struct jsonwrite *w, const char *name, const char *text)
{
	if (text != NULL)
		jsonwrite_text_member(w, name, text);
}

static void
put_double(struct jsonwrite *w, const char *name, double value)
{
	jsonwrite_key(w, name);
	jsonwrite_double(w, value);
}

static void
put_texts(struct jsonwrite *w, const char *name, char *const *list, size_t len)
{
	jsonwrite_key(w, name);
	jsonwrite_open(w, '[');
	for (size_t i = 0; i < len; i++)
		jsonwrite_text(w, list[i]);
	jsonwrite_close(w, ']');
}

static void
put_doubles(
    struct jsonwrite *w, const char *name, const double *list, size_t len)
{
	jsonwrite_key(w, name);
	jsonwrite_open(w, '[');
	for (size_t i = 0; i < len; i++)
		jsonwrite_double(w, list[i]);
	jsonwrite_close(w, ']');
}

static void
put_experiment_index(struct jsonwrite *w, int64_t index)
{
	if (index != ENTRY_NO_EXPERIMENT)
		jsonwrite_int_member(w, "experiment", index);
}

static void
encode_targets(struct jsonwrite *w, const struct entry_start *s)
{
	jsonwrite_key(w, "targets");
	jsonwrite_open(w, '[');
	for (size_t i = 0; i < s->target_len; i++) {
		const struct target *t = &s->targets[i];

		jsonwrite_open(w, '{');
		put_text(w, "tracker", t->tracker);
		jsonwrite_key(w, "options");
		jsonwrite_open(w, '{');
		for (size_t k = 0; k < t->option_len; k++)
			put_text(w, t->options[k].name, t->options[k].text);
		jsonwrite_close(w, '}');
		put_text(w, "destination", t->destination);
		jsonwrite_close(w, '}');
	}
	jsonwrite_close(w, ']');
}

static void
encode_start(struct jsonwrite *w, const struct entry_start *s)
{
	jsonwrite_int_member(w, "version", ENTRY_FORMAT_VERSION);
	put_text(w, "attempt", s->attempt);
	put_text(w, "source", entry_source_names[s->source]);
	put_text(w, "run_dir", s->run_dir);
	jsonwrite_int_member(w, "dir_inode", s->dir_inode);
	jsonwrite_int_member(w, "dir_birth_ns", s->dir_birth_ns);
	put_text(w, "config_path", s->config_path);
	put_text(w, "project", s->project);
	put_text(w, "experiment_name", s->experiment_name);
	put_text(w, "run_name", s->run_name);
	put_text(w, "notes", s->notes);
	put_text(w, "prefix", s->prefix);
	put_text(w, "resumed_from", s->resumed_from);
	put_text(w, "parent", s->parent);
	put_text(w, "open", s->open);
	if (s->no_run)
		jsonwrite_bool_member(w, "no_run", true);
	put_texts(w, "tags", s->tags, s->tag_len);
	encode_targets(w, s);
	put_text(w, "host", s->host);
	put_text(w, "boot_id", s->boot_id);
	jsonwrite_int_member(w, "pid", s->pid);
	jsonwrite_int_member(w, "pid_start", s->pid_start);
	if (s->writer > 0) {
		jsonwrite_int_member(w, "writer", s->writer);
		jsonwrite_int_member(w, "writer_start", s->writer_start);
	}
	put_text(w, "user", s->user);
	put_text(w, "command", s->command);
	put_text(w, "git_commit", s->git_commit);
	put_text(w, "git_remote", s->git_remote);
	put_text(w, "cwd", s->cwd);
	put_text(w, "artifacts", s->artifacts);
	jsonwrite_int_member(w, "points", s->points);
}

static void
encode_value(struct jsonwrite *w, const struct value *v)
{
	switch (v->type) {
	case VALUE_NULL:
		jsonwrite_null(w);
		break;
	case VALUE_BOOL:
		jsonwrite_bool(w, v->boolean);
		break;
	case VALUE_INTEGER:
		jsonwrite_int(w, v->integer);
		break;
	case VALUE_DOUBLE:
		/* In a list, so that a quoted NaN is no text. */
		jsonwrite_open(w, '[');
		jsonwrite_double(w, v->number);
		jsonwrite_close(w, ']');
		break;
	case VALUE_TEXT:
		jsonwrite_text(w, v->text);
		break;
	}
}

static void
encode_params(struct jsonwrite *w, const struct entry_params *p)
{
	put_experiment_index(w, p->experiment);
	jsonwrite_key(w, "params");
	jsonwrite_open(w, '{');
	for (size_t i = 0; i < p->len; i++) {
		jsonwrite_key(w, p->list[i].name);
		encode_value(w, &p->list[i].value);
	}
	jsonwrite_close(w, '}');
}

static void
encode_experiment(struct jsonwrite *w, const struct entry_experiment *e)
{
	jsonwrite_int_member(w, "index", e->index);
	put_text(w, "experiment_id", e->id);
	put_text(w, "model_name", e->model_name);
	put_text(w, "model_provider", e->model_provider);
	put_text(w, "probe_name", e->probe_name);
	put_text(w, "probe_category", e->probe_category);
	jsonwrite_bool_member(w, "name_has_id", e->name_has_id);
}

static void
encode_metrics(struct jsonwrite *w, const struct entry_metrics *m)
{
	jsonwrite_int_member(w, "step", m->step);
	put_experiment_index(w, m->experiment);
	if (m->records_bytes > 0) {
		jsonwrite_int_member(w, "records_bytes", m->records_bytes);
		jsonwrite_int_member(w, "records_crc32c", m->records_crc32c);
	}
	jsonwrite_key(w, "metrics");
	jsonwrite_open(w, '{');
	for (size_t i = 0; i < m->len; i++)
		put_double(w, m->list[i].name, m->list[i].value);
	jsonwrite_close(w, '}');
}

static void
encode_artifact(struct jsonwrite *w, const struct entry_artifact *a)
{
	put_text(w, "name", a->name);
	put_text(w, "type", a->type);
	put_text(w, "path", a->path);
	put_text(w, "kept", a->kept);
	jsonwrite_int_member(w, "size", a->size);
	jsonwrite_int_member(w, "mtime_ns", a->mtime_ns);
	jsonwrite_int_member(w, "inode", (int64_t)a->inode);
}

static void
encode_histogram(struct jsonwrite *w, const struct entry_histogram *h)
{
	put_text(w, "name", h->name);
	jsonwrite_int_member(w, "step", h->step);
	put_experiment_index(w, h->experiment);
	put_double(w, "min", h->min);
	put_double(w, "max", h->max);
	put_double(w, "count", h->count);
	put_double(w, "sum", h->sum);
	put_double(w, "sum_squares", h->sum_squares);
	put_doubles(w, "limits", h->limits, h->len);
	put_doubles(w, "counts", h->counts, h->len);
}

static void
encode_end(struct jsonwrite *w, const struct entry_end *end)
{
	put_text(w, "status", run_status_name(end->status));
	jsonwrite_int_member(w, "last_step", end->last_step);
	if (end->has_exit_code)
		jsonwrite_int_member(w, "exit_code", end->exit_code);
	if (end->exit_signal != 0)
		jsonwrite_int_member(w, "exit_signal", end->exit_signal);
}

static void
encode_body(struct jsonwrite *w, const struct entry *e)
{
	switch (e->kind) {
	case ENTRY_START:
		encode_start(w, &e->start);
		break;
	case ENTRY_RUN_ID:
		put_text(w, "run_id", e->run_id);
		break;
	case ENTRY_PARAMS:
		encode_params(w, &e->params);
		break;
	case ENTRY_EXPERIMENT:
		encode_experiment(w, &e->experiment);
		break;
	case ENTRY_METRICS:
		encode_metrics(w, &e->metrics);
		break;
	case ENTRY_ARTIFACT:
		encode_artifact(w, &e->artifact);
		break;
	case ENTRY_TABLE:
		put_text(w, "name", e->table.name);
		put_text(w, "path", e->table.path);
		put_texts(w, "columns", e->table.columns, e->table.column_len);
		break;
	case ENTRY_HISTOGRAM:
		encode_histogram(w, &e->histogram);
		break;
	case ENTRY_REGISTER:
		put_text(w, "uri", e->registration.uri);
		put_text(w, "name", e->registration.name);
		put_text(w, "id", e->registration.id);
		break;
	case ENTRY_END:
		encode_end(w, &e->end);
		break;
	}
}

int
entry_encode(const struct entry *e, struct buf *out)
{
	size_t before = out->len;
	struct jsonwrite w;

	jsonwrite_init(&w, out, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	put_text(&w, "entry", entry_kind_names[e->kind]);
	jsonwrite_int_member(&w, "time_us", e->time_us);
	encode_body(&w, e);
	jsonwrite_close(&w, '}');
	buf_addc(out, '\n');
	if (!buf_overflowed(out) && out->len - before <= ENTRY_LINE_MAX)
		return 0;
	buf_truncate(out, before);
	out->overflow = false;
	return -EMSGSIZE;
}

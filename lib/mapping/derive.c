#include "mapping/derive.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "mapping/decode.h"
#include "mapping/limits.h"
#include "mapping/private.h"
#include "mapping/points.h"

static char *
copy(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

struct derive *
derive_new(const struct derive_config *config, derive_emit *emit, void *data)
{
	struct derive *d = xcalloc(1, sizeof *d);

	d->emit = emit;
	d->data = data;
	d->counted = config->counted;
	d->counted_data = config->counted_data;
	d->rate = d->observed_ms = -1;
	d->run_dir = xstrdup(config->run_dir);
	d->dir_name = xstrdup(config->dir_name);
	d->config_path = copy(config->config_path);
	d->prefix = xstrdup(config->prefix);
	d->where = config->where;
	d->where_len = config->where_len;
	d->points = (uint64_t)config->points;
	mapping_init(&d->mapping);
	manifest_read(&d->manifest, NULL, 0);
	RB_INIT(&d->by_name);
	numbers_init(&d->scores, "scores/", NUMBERS_NAMES_MAX);
	numbers_init(&d->usage, "usage/", NUMBERS_NAMES_MAX);
	numbers_init(&d->errors, "errors/", NUMBERS_ERROR_TYPES_MAX);
	histogram_init(&d->latency);
	return d;
}

void
derive_free(struct derive *d)
{
	size_t i;

	if (d == NULL)
		return;
	for (i = 0; i < d->follow_len; i++) {
		sums_release(&d->follows[i]->scores);
		sums_release(&d->follows[i]->usage);
		sums_release(&d->follows[i]->errors);
		free(d->follows[i]);
	}
	free(d->follows);
	free(d->changed);
	numbers_release(&d->scores);
	numbers_release(&d->usage);
	numbers_release(&d->errors);
	sums_release(&d->score_sums);
	sums_release(&d->usage_sums);
	sums_release(&d->error_sums);
	observed_free(d->observed);
	mapping_release(&d->mapping);
	manifest_release(&d->manifest);
	free(d->run_id);
	free(d->run_dir);
	free(d->dir_name);
	free(d->config_path);
	free(d->prefix);
	free(d);
}

void
derive_begin(struct derive *d, int64_t time_us)
{
	struct entry e;

	entry_init(&e, ENTRY_PARAMS, time_us);
	entry_add_param_text(&e, "run_dir", d->run_dir);
	if (d->config_path != NULL)
		entry_add_param_text(&e, "config_path", d->config_path);
	for (size_t i = 0; i < d->where_len; i++)
		entry_add_param_text(&e, d->where[i].name, d->where[i].text);
	d->emit(&e, d->data);
}

void
derive_manifest(struct derive *d, const char *bytes, size_t len)
{
	manifest_release(&d->manifest);
	manifest_read(&d->manifest, bytes, len);
}

void
derive_add_mapped(
    const struct derive *d, struct entry *e, const char *key, double value)
{
	if (d->prefix[0] == '\0')
		entry_add_metric(e, key, value);
	else
		entry_take_metric(e, xasprintf("%s%s", d->prefix, key), value);
}

bool
derive_is_mapped(const struct derive *d, const char *name)
{
	static const char *const keys[] = {"total_count", "success_count",
	    "error_count", "success_rate", "duration_seconds", "accuracy"};
	size_t len = strlen(d->prefix), i;

	if (strncmp(name, d->prefix, len) != 0)
		return false;
	for (i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (strcmp(name + len, keys[i]) == 0)
			return true;
	return false;
}

void
derive_emit_run_id(
    struct derive *d, const char *run_id, struct entry *params, int64_t time_us)
{
	struct entry e;

	d->run_id = xstrdup(run_id);
	entry_init(&e, ENTRY_RUN_ID, time_us);
	e.run_id = xstrdup(run_id);
	d->emit(&e, d->data);
	entry_add_param_text(params, "run_id", run_id);
}

/* Emits RUN_ID and schema_version when a record brings them. */
static void
emit_identity(struct derive *d, int64_t time_us)
{
	const struct mapping *m = &d->mapping;
	const char *run_id = d->manifest.run_id;
	struct entry params;

	if (m->record_count > 1 && (d->run_id != NULL || m->run_ids.len == 0))
		return;
	entry_init(&params, ENTRY_PARAMS, time_us);
	/* The entry's place depends on the records alone, even when an earlier
	 * manifest names another run ID. */
	if (m->run_ids.len > 0)
		derive_emit_run_id(d,
		    run_id != NULL ? run_id : m->run_ids.list[0]->text, &params,
		    time_us);
	if (m->record_count == 1)
		entry_add_param_text(
		    &params, "schema_version", m->schema_version);
	d->emit(&params, d->data);
}

static void
take_record(struct derive *d, const struct record *record,
    const struct derive_arrival *arrival)
{
	struct experiment *x = mapping_add(&d->mapping, record);
	struct follow *follow;
	double latency_ms;

	d->last_experiment =
	    x != NULL ? (int64_t)x->index : ENTRY_NO_EXPERIMENT;
	emit_identity(d, arrival->time_us);
	if (x != NULL && x->index == d->follow_len)
		derive_begin_experiment(d, x, arrival->time_us);
	numbers_read(&d->scores, &record->scores);
	numbers_read(&d->usage, &record->usage);
	numbers_mark(&d->errors, &record->error_type);
	sums_add(&d->score_sums, &d->scores);
	sums_add(&d->usage_sums, &d->usage);
	sums_add(&d->error_sums, &d->errors);
	if (x != NULL) {
		follow = d->follows[x->index];
		sums_add(&follow->scores, &d->scores);
		sums_add(&follow->usage, &d->usage);
		sums_add(&follow->errors, &d->errors);
		derive_mark_changed(d, follow);
	}
	if (json_double(&record->latency_ms, &latency_ms) == 0)
		histogram_add(&d->latency, latency_ms);
	observed_arrival(&d->observed, arrival->time_us, arrival->observed);
	d->arrival_us = arrival->time_us;
	if (points_is_due(d->mapping.record_count, d->points))
		derive_emit_point(d);
	if (d->counted != NULL)
		d->counted(d, d->counted_data);
}

void
derive_line(struct derive *d, const char *line, size_t len,
    const struct derive_arrival *arrival)
{
	struct record record;

	d->line_number++;
	switch (decode_line(&record, line, len)) {
	case DECODED_RECORD:
		take_record(d, &record, arrival);
		break;
	case DECODED_MALFORMED:
		d->mapping.malformed_lines++;
		if (d->first_malformed == 0)
			d->first_malformed = d->line_number;
		break;
	case DECODED_BLANK:
		break;
	}
}

const struct mapping *
derive_mapping(const struct derive *d)
{
	return &d->mapping;
}

const char *
derive_run_id(const struct derive *d)
{
	return d->run_id;
}

int64_t
derive_last_step(const struct derive *d)
{
	return (int64_t)d->mapping.record_count;
}

int64_t
derive_last_experiment(const struct derive *d)
{
	return d->last_experiment;
}

uint64_t
derive_first_malformed(const struct derive *d)
{
	return d->first_malformed;
}

bool
derive_limits_passed(const struct derive *d, struct buf *line)
{
	const struct {
		const struct numbers *numbers;
		const char *what;
	} passed[] = {
	    {&d->scores, "scores"},
	    {&d->usage, "usage values"},
	    {&d->errors, "errors"},
	};
	bool any = mapping_limits_passed(&d->mapping, line);
	size_t i;

	for (i = 0; i < sizeof passed / sizeof passed[0]; i++) {
		const struct numbers *n = passed[i].numbers;

		if (n->left_out == 0)
			continue;
		buf_addf(line, "%s%ju %s beyond %zu names", any ? ", " : "",
		    (uintmax_t)n->left_out, passed[i].what, n->max);
		any = true;
	}
	return any;
}

#include "mapping/experiment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/tree.h>

#include "base/buf.h"
#include "base/die.h"
#include "format/isotime.h"
#include "mapping/limits.h"

/* A text taken from a record may be long (it is cut afterwards), but it can't
 * be much longer than its line: repr() makes four of one byte at most. */
#define SCRATCH_MAX (SIZE_MAX / 2)
/* A larger scratch buffer is given back after use. */
#define SCRATCH_KEEP_BYTES (256 * 1024)

struct node {
	RB_ENTRY(node) link;
	struct experiment experiment;
};

RB_HEAD(tree, node);

/* The raw bytes of a value and the text that they gave: records of one run
 * repeat their values, and equal bytes give equal texts. */
struct memory {
	struct buf raw;
	bool set;
};

struct mapping_index {
	struct tree by_id;
	size_t experiment_cap;
	struct memory id, run_id, status;
	struct experiment *experiment; /* of `id` */
	struct counted_text *counter;  /* of `status`; NULL: not counted */
	enum record_status kind;
	struct buf scratch;
	size_t text_bytes; /* of the experiments */
};

static int
compare(const struct node *a, const struct node *b)
{
	if (a->experiment.harness != b->experiment.harness)
		return a->experiment.harness ? 1 : -1;
	return strcmp(a->experiment.id, b->experiment.id);
}

/* RB_GENERATE_STATIC leans on a macro that glibc lacks. */
RB_GENERATE_INTERNAL(tree, node, link, compare, static __attribute__((unused)))

static bool
remembers(const struct memory *memory, const struct json_span *span)
{
	return memory->set && memory->raw.len == span->len &&
	    memcmp(memory->raw.data, span->start, span->len) == 0;
}

static void
remember(struct memory *memory, const struct json_span *span)
{
	buf_reset(&memory->raw);
	/* An absent value has no bytes and is not remembered; neither is a
	 * value so long that it is rarely repeated. */
	memory->set = span->len > 0 && span->len <= MAPPING_TEXT_MAX &&
	    buf_add(&memory->raw, span->start, span->len) == 0;
}

void
mapping_init(struct mapping *m)
{
	struct mapping_index *index = xcalloc(1, sizeof *index);

	*m = (struct mapping){.index = index};
	RB_INIT(&index->by_id);
	texts_init(&m->statuses, MAPPING_STATUSES_MAX, MAPPING_TEXTS_MAX_BYTES);
	texts_init(&m->run_ids, MAPPING_RUN_IDS_MAX, MAPPING_TEXTS_MAX_BYTES);
	buf_init(&index->id.raw, MAPPING_TEXT_MAX);
	buf_init(&index->run_id.raw, MAPPING_TEXT_MAX);
	buf_init(&index->status.raw, MAPPING_TEXT_MAX);
	buf_init(&index->scratch, SCRATCH_MAX);
}

static void
free_experiment(struct node *node)
{
	struct experiment *e = &node->experiment;

	free(e->id);
	free(e->model_name);
	free(e->model_provider);
	free(e->probe_name);
	free(e->probe_category);
	free(node);
}

void
mapping_release(struct mapping *m)
{
	struct mapping_index *index = m->index;
	struct node *node, *next;

	if (index == NULL)
		return;
	RB_FOREACH_SAFE (node, tree, &index->by_id, next) {
		RB_REMOVE(tree, &index->by_id, node);
		free_experiment(node);
	}
	texts_release(&m->statuses);
	texts_release(&m->run_ids);
	free(m->experiments);
	free(m->schema_version);
	buf_release(&index->id.raw);
	buf_release(&index->run_id.raw);
	buf_release(&index->status.raw);
	buf_release(&index->scratch);
	free(index);
	*m = (struct mapping){.index = NULL};
}

/* text(span), cut to MAPPING_TEXT_MAX bytes. Valid until the next call. */
static const char *
text_of(struct mapping *m, const struct json_span *span)
{
	struct buf *scratch = &m->index->scratch;
	size_t len = MAPPING_TEXT_MAX;

	if (scratch->cap > SCRATCH_KEEP_BYTES)
		buf_release(scratch);
	buf_reset(scratch);
	json_pystr(span, scratch);
	if (scratch->len > len) {
		while (((unsigned char)scratch->data[len] & 0xC0) == 0x80)
			len--;
		buf_truncate(scratch, len);
		m->cut_texts++;
	}
	return scratch->data;
}

/* text(or(a, b, ..., fallback)), allocated. */
static char *
first_text(struct mapping *m, const struct json_span *spans, size_t count,
    const char *fallback)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (json_truth(&spans[i]))
			return xstrdup(text_of(m, &spans[i]));
	return xstrdup(fallback);
}

static enum record_status
count_status(struct mapping *m, const struct json_span *status)
{
	struct mapping_index *index = m->index;
	const char *text;

	if (!remembers(&index->status, status)) {
		text = text_of(m, status);
		index->counter = texts_find(&m->statuses, text);
		index->kind = record_status(text);
		remember(&index->status, status);
	}
	if (index->counter != NULL)
		index->counter->count++;
	else
		m->uncounted_statuses++;
	return index->kind;
}

static void
count_run_id(struct mapping *m, const struct json_span *run_id)
{
	if (remembers(&m->index->run_id, run_id) || !json_truth(run_id))
		return;
	if (texts_find(&m->run_ids, text_of(m, run_id)) != NULL)
		remember(&m->index->run_id, run_id);
	else
		m->uncounted_run_ids++;
}

static bool
read_time(struct mapping *m, const struct json_span *span, int64_t *us)
{
	const char *text;

	if (span->type != JSON_STRING)
		return false;
	if (span->plain)
		return isotime_parse(span->start + 1, span->len - 2, us) == 0;
	text = text_of(m, span);
	return isotime_parse(text, strlen(text), us) == 0;
}

static void
read_sample(struct mapping *m, const struct record *record, struct sample *s)
{
	s->status = count_status(m, &record->status);
	s->has_latency =
	    json_double(&record->latency_ms, &s->latency_ms) == 0 &&
	    isfinite(s->latency_ms);
	s->has_start = read_time(m, &record->started_at, &s->start_us);
	s->has_end = read_time(m, &record->completed_at, &s->end_us);
}

/* The five params of an experiment made by a harness. */
static void
name_harness(
    struct mapping *m, struct experiment *e, const struct record *record)
{
	static const char *const categories[] = {"logic", "factuality", "bias",
	    "attack", "safety", "reasoning", "knowledge", "custom"};
	const struct json_span *h = &record->harness;
	struct json_span names[2], category = json_member(h, "probe_category");
	const char *chosen = "custom";
	size_t i;

	names[0] = json_member(h, "model_name");
	names[1] = json_member(&record->model, "model_id");
	e->model_name = first_text(m, names, 2, "model");
	names[0] = json_member(&record->model, "provider");
	names[1] = json_member(h, "model_type");
	e->model_provider = first_text(m, names, 2, "unknown");
	names[0] = json_member(h, "probe_name");
	names[1] = json_member(&record->probe, "probe_id");
	e->probe_name = first_text(m, names, 2, "probe");
	for (i = 0; i < sizeof categories / sizeof categories[0]; i++)
		if (category.type == JSON_STRING &&
		    json_is(&category, categories[i]))
			chosen = categories[i];
	e->probe_category = xstrdup(chosen);
}

/* The five params of a plain run's experiment. */
static void
name_plain(struct mapping *m, struct experiment *e, const struct record *record)
{
	struct json_span names[2],
	    params = json_member(&record->model, "params");

	names[0] = json_member(&params, "name");
	names[1] = json_member(&record->model, "model_id");
	e->model_name = first_text(m, names, 2, "model");
	names[0] = json_member(&record->model, "provider");
	e->model_provider = first_text(m, names, 1, "unknown");
	names[0] = json_member(&record->probe, "probe_id");
	e->probe_name = first_text(m, names, 1, "probe");
	e->probe_category = xstrdup("custom");
}

static struct experiment *
add_experiment(struct mapping *m, const char *id, const struct record *record)
{
	struct mapping_index *index = m->index;
	struct node *node = xcalloc(1, sizeof *node);
	struct experiment *e = &node->experiment;

	e->index = m->experiment_len;
	e->harness = m->harness;
	e->id = xstrdup(id);
	if (m->harness)
		name_harness(m, e, record);
	else
		name_plain(m, e, record);
	index->text_bytes += strlen(e->id) + strlen(e->model_name) +
	    strlen(e->model_provider) + strlen(e->probe_name);
	RB_INSERT(tree, &index->by_id, node);
	m->experiments = xgrow(m->experiments, m->experiment_len,
	    &index->experiment_cap, sizeof(struct experiment *));
	m->experiments[m->experiment_len++] = e;
	m->live_len++;
	return e;
}

/* Finds the experiment with the key `span`, or makes it; NULL: there are too
 * many. */
static struct experiment *
find_experiment(struct mapping *m, const struct json_span *span,
    const char *fallback, const struct record *record)
{
	struct mapping_index *index = m->index;
	struct node probe, *node;

	if (remembers(&index->id, span))
		return index->experiment;
	probe.experiment.harness = m->harness;
	probe.experiment.id = first_text(m, span, 1, fallback);
	node = RB_FIND(tree, &index->by_id, &probe);
	if (node != NULL)
		index->experiment = &node->experiment;
	else if (m->live_len < MAPPING_EXPERIMENTS_MAX &&
	    index->text_bytes < MAPPING_TEXTS_MAX_BYTES)
		index->experiment =
		    add_experiment(m, probe.experiment.id, record);
	else
		index->experiment = NULL;
	free(probe.experiment.id);
	remember(&index->id, span);
	return index->experiment;
}

/* Called at the first record of a harness: experiments made from plain records
 * before don't count any more. */
static void
become_harness(struct mapping *m)
{
	size_t i;

	for (i = 0; i < m->experiment_len; i++)
		m->experiments[i]->retired = true;
	m->harness = true;
	m->live_len = 0;
	m->live = (struct tally){.total_count = 0};
	m->index->id.set = false;
}

struct experiment *
mapping_add(struct mapping *m, const struct record *record)
{
	struct experiment *e = NULL;
	struct json_span id;
	struct sample sample;

	if (m->record_count++ == 0)
		m->schema_version = first_text(
		    m, &record->schema_version, 1, MAPPING_SCHEMA_VERSION);
	count_run_id(m, &record->run_id);
	read_sample(m, record, &sample);
	tally_add(&m->all, &sample);
	if (record->harness.type == JSON_OBJECT) {
		if (!m->harness)
			become_harness(m);
		id = json_member(&record->harness, "experiment_id");
		e = find_experiment(m, &id, "unknown", record);
	} else if (!m->harness) {
		e = find_experiment(m, &record->run_id, "run", record);
	} else {
		return NULL;
	}
	if (e == NULL) {
		m->uncounted_experiments++;
		return NULL;
	}
	tally_add(&e->tally, &sample);
	tally_add(&m->live, &sample);
	return e;
}

struct experiment *
mapping_experiment(const struct mapping *m, size_t i)
{
	/* All retired experiments were made before the first that counts. */
	return m->experiments[m->experiment_len - m->live_len + i];
}

void
mapping_totals(const struct mapping *m, struct tally *sum)
{
	*sum = m->live;
}

bool
mapping_limits_passed(const struct mapping *m, struct buf *line)
{
	const struct {
		uint64_t count;
		const char *what;
		size_t limit;
		const char *unit;
	} passed[] = {
	    {m->uncounted_experiments, "records beyond", m->live_len,
		"experiments"},
	    {m->uncounted_statuses, "records beyond", m->statuses.len,
		"statuses"},
	    {m->uncounted_run_ids, "records beyond", m->run_ids.len, "run IDs"},
	    {m->cut_texts, "texts cut to", MAPPING_TEXT_MAX, "bytes"},
	};
	bool any = false;
	size_t i;

	for (i = 0; i < sizeof passed / sizeof passed[0]; i++) {
		if (passed[i].count == 0)
			continue;
		buf_addf(line, "%s%ju %s %zu %s", line->len > 0 ? ", " : "",
		    (uintmax_t)passed[i].count, passed[i].what, passed[i].limit,
		    passed[i].unit);
		any = true;
	}
	return any;
}

/*
 * Whole run directories through derive: the last values are those that
 * insideLLMs' own tracker wrote, no name stands twice at one step (but the two
 * that are of the last seconds, and at the end of the whole run), an
 * experiment's own step is the number of its own records, and a live run has the
 * entries of an import, in the same order, and more behind them.
 */
#include "mapping/derive.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/lines.h"
#include "tap.h"

#define FIXTURES   "tests/fixtures/"
#define VALUES_MAX 1024

/* The metrics and params of the run as a whole, and all that was emitted. */
struct seen {
	struct metric metrics[VALUES_MAX];
	size_t metric_len;
	struct param params[VALUES_MAX];
	size_t param_len;
	struct {
		char *name;
		int64_t step;
	} points[VALUES_MAX];
	size_t point_len;
	bool twice, own_step_wrong;
	size_t own_steps;
	char kinds[VALUES_MAX];
	size_t kind_len;
};

/* run: 'r' for the whole run, 'o' for the experiment's own. */
static void
see_point(struct seen *seen, char run, const struct entry_metrics *m, size_t at)
{
	char *full = xasprintf(
	    "%c %jd %s", run, (intmax_t)m->experiment, m->list[at].name);
	int64_t step = run == 'r' ? m->step : m->experiment_step;
	size_t i;

	for (i = 0; i < seen->point_len; i++)
		seen->twice |= seen->points[i].step == step &&
		    strcmp(seen->points[i].name, full) == 0;
	seen->points[seen->point_len].name = full;
	seen->points[seen->point_len++].step = step;
}

/* Values of the last seconds, of which the end has those of the whole run. */
static bool
is_of_whole_run(bool end, const char *name)
{
	return end &&
	    (strcmp(name, "observed/records_per_second") == 0 ||
		strcmp(name, "observed/latency_ms") == 0);
}

static void
see_own_step(struct seen *seen, const struct entry_metrics *m, size_t at)
{
	see_point(seen, 'o', m, at);
	seen->own_steps++;
	seen->own_step_wrong |= strcmp(m->list[at].name, "total_count") == 0 &&
	    (double)m->experiment_step != m->list[at].value;
}

static void
see_metrics(struct seen *seen, struct entry_metrics *m)
{
	bool end =
	    m->len > 0 && strcmp(m->list[0].name, "wall_time_seconds") == 0;
	size_t i;

	for (i = 0; i < m->len; i++) {
		if (!is_of_whole_run(end, m->list[i].name))
			see_point(seen, 'r', m, i);
		if (m->experiment != ENTRY_NO_EXPERIMENT) {
			see_own_step(seen, m, i);
			continue;
		}
		seen->own_step_wrong |= m->experiment_step != 0;
		seen->metrics[seen->metric_len++] = m->list[i];
		m->list[i].name = NULL;
	}
}

static void
see_params(struct seen *seen, struct entry_params *p)
{
	size_t i;

	for (i = 0; i < p->len && p->experiment == ENTRY_NO_EXPERIMENT; i++) {
		seen->params[seen->param_len++] = p->list[i];
		p->list[i] = (struct param){.name = NULL};
	}
}

static void
see(struct entry *e, void *data)
{
	struct seen *seen = data;

	if (seen->point_len + 200 > VALUES_MAX)
		die("too many points for this test");
	seen->kinds[seen->kind_len++] = (char)('A' + e->kind);
	if (e->kind == ENTRY_METRICS)
		see_metrics(seen, &e->metrics);
	if (e->kind == ENTRY_PARAMS)
		see_params(seen, &e->params);
	entry_release(e);
}

static void
forget(struct seen *seen)
{
	size_t i;

	for (i = 0; i < seen->metric_len; i++)
		free(seen->metrics[i].name);
	for (i = 0; i < seen->param_len; i++) {
		free(seen->params[i].name);
		free(seen->params[i].value.text);
	}
	for (i = 0; i < seen->point_len; i++)
		free(seen->points[i].name);
	free(seen);
}

static struct buf
read_file(int dir, const char *name)
{
	struct buf out;

	buf_init(&out, 1 << 24);
	file_read_all(dir, name, &out, NULL);
	return out;
}

static void
feed(struct derive *d, int dir, bool live)
{
	struct derive_arrival arrival = {.time_us = 1000, .observed = live};
	int fd = file_open_regular(dir, "records.jsonl", NULL, NULL);
	struct lines lines;
	const char *line;
	size_t len;

	lines_init(&lines, fd);
	while (lines_next(&lines, &line, &len, NULL) == LINES_LINE) {
		arrival.time_us += live ? 1000 : 0;
		derive_line(d, line, len, &arrival);
	}
	lines_release(&lines);
	close(fd);
}

static struct seen *
derive_fixture(const char *name, bool live)
{
	struct derive_config config = {
	    .run_dir = "/runs/x", .dir_name = "x", .prefix = "", .points = 8};
	struct derive_finish finish = {.time_us = 9000000,
	    .has_exit = live,
	    .has_wall = live,
	    .has_usage = live};
	struct seen *seen = xcalloc(1, sizeof *seen);
	struct derive *d = derive_new(&config, see, seen);
	char *path = xasprintf(FIXTURES "%s/run", name);
	int dir = open(path, O_RDONLY | O_DIRECTORY);
	struct buf manifest = read_file(dir, "manifest.json");
	struct buf summary = read_file(dir, "summary.json");

	derive_begin(d, 0);
	if (!live)
		derive_manifest(d, manifest.data, manifest.len);
	feed(d, dir, live);
	finish.documents = (struct derive_documents){.manifest = manifest.data,
	    .manifest_len = manifest.len,
	    .summary = summary.data,
	    .summary_len = summary.len};
	derive_end(d, &finish);
	buf_release(&manifest);
	buf_release(&summary);
	derive_free(d);
	close(dir);
	free(path);
	return seen;
}

static const struct metric *
find_metric(const struct seen *seen, const char *name)
{
	size_t i;

	for (i = seen->metric_len; i > 0; i--)
		if (strcmp(seen->metrics[i - 1].name, name) == 0)
			return &seen->metrics[i - 1];
	return NULL;
}

static const struct param *
find_param(const struct seen *seen, const char *name)
{
	size_t i;

	for (i = seen->param_len; i > 0; i--)
		if (strcmp(seen->params[i - 1].name, name) == 0)
			return &seen->params[i - 1];
	return NULL;
}

/* The members of the object that `s` stands before. */
static void
compare_metrics(const struct seen *seen, struct json_span object)
{
	const struct metric *metric;
	struct json_span key, value;
	struct jsonscan s;
	double want = 0;
	char *name;

	jsonscan_init_span(&s, &object);
	jsonscan_enter(&s, '{');
	while (jsonscan_member(&s, &key) > 0) {
		jsonscan_value(&s, &value);
		name = json_text_new(&key);
		metric = find_metric(seen, name);
		json_double(&value, &want);
		if (strcmp(name, "wall_time_seconds") != 0)
			ok(metric != NULL && metric->value == want,
			    "metric %s = %g", name, want);
		free(name);
	}
}

static void
compare_params(const struct seen *seen, const struct buf *bytes)
{
	const struct param *param;
	struct json_span key, value;
	struct buf want, got;
	struct jsonscan s;
	char *name;

	buf_init(&want, 4096);
	buf_init(&got, 4096);
	jsonscan_init(&s, bytes->data, bytes->len);
	jsonscan_enter(&s, '{');
	while (jsonscan_member(&s, &key) > 0) {
		jsonscan_value(&s, &value);
		name = json_text_new(&key);
		param = find_param(seen, name);
		buf_reset(&want);
		buf_reset(&got);
		json_pystr(&value, &want);
		if (param != NULL)
			value_text(&param->value, &got);
		/* Only who starts a run knows where. */
		if (strcmp(name, "run_dir") != 0 &&
		    strcmp(name, "config_path") != 0 && param != NULL)
			is_text(got.data, want.data, name);
		else
			ok(param != NULL || strcmp(name, "config_path") == 0,
			    "%s", name);
		free(name);
	}
	buf_release(&want);
	buf_release(&got);
}

static void
compare_tracking(const struct seen *seen, const char *fixture)
{
	char *path = xasprintf(FIXTURES "%s/tracking_local", fixture);
	int dir = open(path, O_RDONLY | O_DIRECTORY);
	struct json_span entry;
	struct buf metrics, params;
	struct jsonscan s;

	free(path);
	if (dir < 0)
		return;
	metrics = read_file(dir, "metrics.json");
	params = read_file(dir, "params.json");
	jsonscan_init(&s, metrics.data, metrics.len);
	jsonscan_enter(&s, '[');
	if (jsonscan_element(&s) > 0 && jsonscan_value(&s, &entry) == 0)
		compare_metrics(seen, json_member(&entry, "metrics"));
	compare_params(seen, &params);
	buf_release(&metrics);
	buf_release(&params);
	close(dir);
}

static void
test_fixture(const char *name, bool several)
{
	struct seen *import = derive_fixture(name, false);
	struct seen *live = derive_fixture(name, true);

	printf("# %s\n", name);
	compare_tracking(import, name);
	ok(!import->twice && !live->twice, "no name twice at one step");
	ok((import->own_steps > 0) == several && !import->own_step_wrong,
	    "an experiment's own step: its number of records");
	ok(live->kind_len >= import->kind_len + 2 &&
		memcmp(live->kinds, import->kinds, import->kind_len) == 0,
	    "live: the same entries, and more behind them");
	forget(import);
	forget(live);
}

int
main(void)
{
	test_fixture("harness_one_model", true);
	test_fixture("harness_two_by_two", true);
	test_fixture("interrupted", false);
	test_fixture("latencies", false);
	test_fixture("run_errors", false);
	test_fixture("run_plain", false);
	test_fixture("run_schema_1_0_0", false);
	test_fixture("run_scored", false);
	return done_testing();
}

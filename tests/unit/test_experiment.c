#include "mapping/experiment.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "mapping/decode.h"
#include "mapping/limits.h"

static struct mapping m;

static struct experiment *
add(const char *line)
{
	struct record record;

	if (decode_line(&record, line, strlen(line)) != DECODED_RECORD) {
		ok(false, "decoded: %s", line);
		return NULL;
	}
	return mapping_add(&m, &record);
}

static void
begin(void)
{
	mapping_release(&m);
	mapping_init(&m);
}

/* The five params of an experiment as one text. */
static void
is_params(const struct experiment *e, const char *want)
{
	char got[1024];

	if (e == NULL) {
		is_text(NULL, want, want);
		return;
	}
	snprintf(got, sizeof got, "%s|%s|%s|%s|%s", e->id, e->model_name,
	    e->model_provider, e->probe_name, e->probe_category);
	is_text(got, want, want);
}

/* total, success, error, timeout */
static void
is_counts(const struct tally *t, const char *want, const char *name)
{
	char got[128];

	snprintf(got, sizeof got, "%ju %ju %ju %ju", (uintmax_t)t->total_count,
	    (uintmax_t)t->success_count, (uintmax_t)t->error_count,
	    (uintmax_t)t->timeout_count);
	is_text(got, want, name);
}

static void
test_plain_names(void)
{
	static const char *const cases[][2] = {
	    {"{}", "run|model|unknown|probe|custom"},
	    {"{\"run_id\":7,\"model\":{\"params\":{\"name\":\"N\"},"
	     "\"model_id\":\"I\",\"provider\":\"P\"},"
	     "\"probe\":{\"probe_id\":\"Q\"}}",
		"7|N|P|Q|custom"},
	    {"{\"run_id\":1.0,\"model\":{\"params\":{\"name\":\"\"},"
	     "\"model_id\":\"I\",\"provider\":0}}",
		"1.0|I|unknown|probe|custom"},
	    {"{\"run_id\":true,\"model\":{\"params\":null,"
	     "\"model_id\":[1,\"a\"]},\"probe\":null}",
		"True|[1, 'a']|unknown|probe|custom"},
	    {"{\"run_id\":0,\"model\":[],\"probe\":\"x\"}",
		"run|model|unknown|probe|custom"},
	    {"{\"run_id\":\"r\",\"model\":{\"params\":{\"name\":false},"
	     "\"model_id\":1e16}}",
		"r|1e+16|unknown|probe|custom"},
	    {"{\"run_id\":123456789012345678901234567890}",
		"123456789012345678901234567890|model|unknown|probe|"
		"custom"},
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin();
		is_params(add(cases[i][0]), cases[i][1]);
	}
}

static void
test_harness_names(void)
{
	static const char *const cases[][2] = {
	    {"{\"custom\":{\"harness\":{}}}",
		"unknown|model|unknown|probe|custom"},
	    {"{\"custom\":{\"harness\":{\"experiment_id\":\"e\","
	     "\"model_name\":\"M\",\"model_type\":\"t\","
	     "\"probe_name\":\"P\",\"probe_category\":\"logic\"}},"
	     "\"model\":{\"model_id\":\"i\",\"provider\":\"V\"}}",
		"e|M|V|P|logic"},
	    {"{\"custom\":{\"harness\":{\"experiment_id\":3,"
	     "\"model_name\":null,\"model_type\":\"t\","
	     "\"probe_name\":\"\",\"probe_category\":\"Logic\"}},"
	     "\"model\":{\"model_id\":\"i\",\"provider\":\"\"},"
	     "\"probe\":{\"probe_id\":\"q\"}}",
		"3|i|t|q|custom"},
	    {"{\"custom\":{\"harness\":{\"probe_category\":[]}},"
	     "\"probe\":null,\"model\":{\"params\":{\"name\":\"no\"}}}",
		"unknown|model|unknown|probe|custom"},
	    {"{\"custom\":{\"harness\":{\"probe_category\":"
	     "\"reasoning\"}}}",
		"unknown|model|unknown|probe|reasoning"},
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin();
		is_params(add(cases[i][0]), cases[i][1]);
	}
}

static void
test_statuses(void)
{
	static const char *const statuses[] = {"\"success\"", "\"error\"",
	    "\"timeout\"", "\"rate_limited\"", "\"skipped\"", "\"Success\"",
	    "\"success \"", "null", "1", "true", "\"su\\u0063cess\"",
	    "[\"success\"]"};
	struct experiment *e;
	char line[128], got[512] = "";
	size_t i;

	begin();
	for (i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		snprintf(line, sizeof line, "{\"status\":%s}", statuses[i]);
		add(line);
	}
	e = add("{}");
	is_counts(&e->tally, "13 2 8 1", "success, error, timeout");
	for (i = 0; i < m.statuses.len; i++)
		snprintf(got + strlen(got), sizeof got - strlen(got), "%s=%ju,",
		    m.statuses.list[i]->text,
		    (uintmax_t)m.statuses.list[i]->count);
	is_text(got,
	    "success=2,error=1,timeout=1,rate_limited=1,skipped=1,Success=1,"
	    "success =1,None=2,1=1,True=1,['success']=1,",
	    "each status under its own text");
}

static void
test_groups(void)
{
	begin();
	add("{\"run_id\":\"a\",\"status\":\"success\"}");
	add("{\"run_id\":null}");
	add("{\"run_id\":\"run\"}");
	add("{\"run_id\":\"a\"}");
	add("{\"run_id\":7}");
	add("{\"run_id\":\"7\"}");
	is_int((long long)m.live_len, 3, "groups by text");
	is_text(mapping_experiment(&m, 0)->id, "a", "the first");
	is_text(mapping_experiment(&m, 1)->id, "run", "no run ID is run");
	is_text(mapping_experiment(&m, 2)->id, "7", "a number is its text");
	is_counts(&mapping_experiment(&m, 0)->tally, "2 1 1 0", "of a");
	is_counts(&mapping_experiment(&m, 1)->tally, "2 0 2 0", "of run");
	is_int((long long)m.run_ids.len, 3, "run IDs: a, run, 7");
}

static void
test_mixed(void)
{
	static const char *const harness =
	    "{\"run_id\":\"a\",\"status\":\"success\","
	    "\"custom\":{\"harness\":{\"experiment_id\":\"a\"}}}";
	struct experiment *plain;
	struct tally totals;

	begin();
	plain = add("{\"run_id\":\"a\",\"status\":\"error\"}");
	ok(!plain->retired, "a plain record makes an experiment");
	ok(add(harness) != plain, "a harness record another, of equal ID");
	ok(plain->retired, "and the plain one does not count any more");
	ok(add("{\"run_id\":\"a\"}") == NULL, "plain records count for none");
	add(harness);
	is_int((long long)m.live_len, 1, "one is left");
	is_int((long long)mapping_experiment(&m, 0)->index, 1, "its index");
	mapping_totals(&m, &totals);
	is_counts(&totals, "2 2 0 0", "totals are of the harness");
	is_counts(&m.all, "4 2 2 0", "all records are counted");
	is_int((long long)m.record_count, 4, "record_count");
}

static void
test_times(void)
{
	struct experiment *e;
	double seconds = 0;

	begin();
	e = add("{\"started_at\":7,\"completed_at\":\"no time\"}");
	ok(!tally_duration(&e->tally, &seconds), "no time, no duration");
	add("{\"started_at\":\"2026-01-01T00:00:02+00:00\"}");
	ok(!tally_duration(&e->tally, &seconds), "a start alone is none");
	add("{\"completed_at\":\"2026-01-01T00:00:01\"}");
	ok(tally_duration(&e->tally, &seconds) && seconds == -1,
	    "it may be negative, naive is UTC");
	add("{\"started_at\":\"2026-01-01T02:00:00.000001+02:00\","
	    "\"completed_at\":\"2026-01-01T00:00:0\\u0030.000018Z\"}");
	ok(tally_duration(&e->tally, &seconds) && seconds == 999999 / 1e6,
	    "earliest start, latest end");
	begin();
	e = add("{\"started_at\":\"2007-07-28T01:36:24+00:00\","
		"\"completed_at\":\"2007-07-28T01:36:24.000017+00:00\"}");
	ok(tally_duration(&e->tally, &seconds) && seconds == 1.7e-05,
	    "17 microseconds are 1.7e-05");
}

static void
test_latency(void)
{
	const struct tally *t;

	begin();
	t = &add("{\"status\":\"success\",\"latency_ms\":5}")->tally;
	add("{\"status\":\"success\",\"latency_ms\":2.5}");
	add("{\"status\":\"success\",\"latency_ms\":null}");
	add("{\"status\":\"success\",\"latency_ms\":true}");
	add("{\"status\":\"success\",\"latency_ms\":\"9\"}");
	add("{\"status\":\"success\",\"latency_ms\":NaN}");
	add("{\"status\":\"error\",\"latency_ms\":100}");
	is_int((long long)t->latency_count, 2, "successful with a number");
	ok(t->latency_sum_ms == 7.5, "sum");
	ok(t->latency_min_ms == 2.5 && t->latency_max_ms == 5, "min, max");
}

static void
test_schema_version(void)
{
	begin();
	add("{}");
	is_text(m.schema_version, "1.0.1", "default schema version");
	add("{\"schema_version\":\"9\"}");
	is_text(m.schema_version, "1.0.1", "the first record's counts");
	begin();
	add("{\"schema_version\":\"1.0.0\"}");
	is_text(m.schema_version, "1.0.0", "1.0.0");
}

static void
says(const char *want, const char *what)
{
	struct buf line;

	buf_init(&line, 1024);
	buf_addc(&line, '\0');
	buf_reset(&line);
	ok(mapping_limits_passed(&m, &line) == (*want != '\0'), "%s", what);
	is_text(line.data, want, what);
	buf_release(&line);
}

static void
test_limits(void)
{
	char *line;
	int i;

	begin();
	for (i = 0; i < MAPPING_EXPERIMENTS_MAX + 5; i++) {
		line = NULL;
		if (asprintf(&line, "{\"run_id\":\"%d\",\"status\":%d}", i, i) <
		    0)
			return;
		add(line);
		free(line);
	}
	is_int((long long)m.live_len, MAPPING_EXPERIMENTS_MAX, "experiments");
	is_int((long long)m.uncounted_experiments, 5, "and those beyond");
	is_int((long long)m.statuses.len, MAPPING_STATUSES_MAX, "statuses");
	is_int((long long)m.uncounted_statuses,
	    MAPPING_EXPERIMENTS_MAX + 5 - MAPPING_STATUSES_MAX, "beyond");
	is_int((long long)m.run_ids.len, MAPPING_RUN_IDS_MAX, "run IDs");
	is_int((long long)m.uncounted_run_ids,
	    MAPPING_EXPERIMENTS_MAX + 5 - MAPPING_RUN_IDS_MAX, "beyond");
	is_int((long long)m.all.total_count, MAPPING_EXPERIMENTS_MAX + 5,
	    "every record is counted all the same");
	says("5 records beyond 10000 experiments, 5 records beyond 10000 "
	     "statuses, 5 records beyond 10000 run IDs",
	    "all of it is said");
	begin();
	says("", "nothing passed");
	line = malloc(3 * MAPPING_TEXT_MAX);
	if (line == NULL)
		return;
	snprintf(line, 64, "{\"run_id\":\"x");
	for (i = 0; i < MAPPING_TEXT_MAX; i++)
		snprintf(
		    line + strlen("{\"run_id\":\"x") + 2 * i, 64, "\u00e9");
	snprintf(line + strlen("{\"run_id\":\"x") + 2 * i, 64, "\"}");
	is_int((long long)strlen(add(line)->id), MAPPING_TEXT_MAX - 1,
	    "a long ID is cut between characters");
	ok(m.cut_texts > 0, "and counted");
	begin();
	for (i = 0; i < 2000; i++) {
		snprintf(line, 3 * MAPPING_TEXT_MAX, "{\"run_id\":\"%0*d\"}",
		    MAPPING_TEXT_MAX - 1, i);
		add(line);
	}
	ok(m.run_ids.len * MAPPING_TEXT_MAX <= MAPPING_TEXTS_MAX_BYTES &&
		m.run_ids.len + m.uncounted_run_ids == 2000,
	    "long run IDs are kept as far as there is room");
	ok(m.live_len * MAPPING_TEXT_MAX <= 2 * MAPPING_TEXTS_MAX_BYTES &&
		m.live_len + m.uncounted_experiments == 2000,
	    "experiments too");
	free(line);
}

static void
test_long_number(void)
{
	char line[8192], want[4400];

	begin();
	snprintf(want, sizeof want, "-1%0*d", 4299, 7);
	snprintf(line, sizeof line, "{\"run_id\":%s}", want);
	is_text(add(line)->id, want, "a number of 4300 digits is whole");
	is_text(m.run_ids.list[0]->text, want, "as a run ID too");
}

int
main(void)
{
	test_plain_names();
	test_harness_names();
	test_statuses();
	test_groups();
	test_mixed();
	test_times();
	test_latency();
	test_schema_version();
	test_limits();
	test_long_number();
	mapping_release(&m);
	return done_testing();
}

#include "mapping/derive.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/jsonwrite.h"
#include "tap.h"

#define START_US 1000000
/* A plain record, and one of a harness. */
#define PLAIN(rest) "{\"run_id\":\"r\",\"status\":\"success\"" rest "}"
#define FAILED(status, type)                                                 \
	"{\"run_id\":\"r\",\"status\":\"" status "\",\"error_type\":\"" type \
	"\"}"
#define HARNESS(id, model, probe, status)                     \
	"{\"run_id\":\"r\",\"status\":\"" status              \
	"\",\"custom\":{\"harness\":{\"experiment_id\":\"" id \
	"\",\"model_name\":\"" model "\",\"probe_name\":\"" probe "\"}}}"
#define HARNESS_AT(id, start, end)                                         \
	"{\"run_id\":\"r\",\"status\":\"success\",\"started_at\":\"" start \
	"\",\"completed_at\":\"" end                                       \
	"\",\"custom\":{\"harness\":{\"experiment_id\":\"" id "\"}}}"

/* Entries as lines, with times left out. */
static struct buf got;
static struct derive *d;
static struct derive_finish finish;
static int64_t now_us, last_us;

static void
show_number(double value)
{
	char text[PYFLOAT_SIZE];

	pyfloat_repr(text, value);
	buf_adds(&got, text);
}

static void
show_scope(int64_t experiment)
{
	if (experiment != ENTRY_NO_EXPERIMENT)
		buf_addf(&got, "[%jd]", (intmax_t)experiment);
}

static void
show_params(const struct entry_params *p)
{
	size_t i;

	buf_adds(&got, "P");
	show_scope(p->experiment);
	for (i = 0; i < p->len; i++) {
		buf_addf(&got, " %s=", p->list[i].name);
		value_text(&p->list[i].value, &got);
	}
}

static void
show_metrics(const struct entry_metrics *m)
{
	size_t i;

	buf_addf(&got, "M%jd", (intmax_t)m->step);
	show_scope(m->experiment);
	if (m->experiment_step != 0)
		buf_addf(&got, "(%jd)", (intmax_t)m->experiment_step);
	for (i = 0; i < m->len; i++) {
		buf_addf(&got, " %s=", m->list[i].name);
		show_number(m->list[i].value);
	}
}

static void
take(struct entry *e, void *data)
{
	(void)data;
	if (e->time_us < last_us)
		buf_adds(&got, "(earlier than the one before) ");
	last_us = e->time_us;
	switch (e->kind) {
	case ENTRY_RUN_ID:
		buf_addf(&got, "R %s", e->run_id);
		break;
	case ENTRY_PARAMS:
		show_params(&e->params);
		break;
	case ENTRY_EXPERIMENT:
		buf_addf(&got, "E%jd %s %s/%s%s", (intmax_t)e->experiment.index,
		    e->experiment.id, e->experiment.model_name,
		    e->experiment.probe_name,
		    e->experiment.name_has_id ? " with ID" : "");
		break;
	case ENTRY_METRICS:
		show_metrics(&e->metrics);
		break;
	case ENTRY_HISTOGRAM:
		buf_addf(&got, "H%jd %s ", (intmax_t)e->histogram.step,
		    e->histogram.name);
		show_number(e->histogram.count);
		break;
	default:
		buf_adds(&got, "?");
	}
	buf_addc(&got, '\n');
	entry_release(e);
}

static void
begin(struct derive_config config)
{
	derive_free(d);
	buf_reset(&got);
	memset(&finish, 0, sizeof finish);
	if (config.run_dir == NULL)
		config.run_dir = "/r/dir";
	if (config.dir_name == NULL)
		config.dir_name = "dir";
	if (config.prefix == NULL)
		config.prefix = "";
	now_us = last_us = START_US;
	d = derive_new(&config, take, NULL);
	derive_begin(d, now_us);
}

static void
line(const char *text)
{
	struct derive_arrival arrival = {.time_us = now_us};

	derive_line(d, text, strlen(text), &arrival);
}

/* Seen alone, some milliseconds after the one before. */
static void
arrives(const char *text, int64_t after_ms)
{
	struct derive_arrival arrival = {.observed = true};

	now_us += after_ms * 1000;
	arrival.time_us = now_us;
	derive_line(d, text, strlen(text), &arrival);
}

static void
finish_with(const char *manifest, const char *summary)
{
	finish.time_us = now_us;
	finish.documents = (struct derive_documents){.manifest = manifest,
	    .manifest_len = manifest != NULL ? strlen(manifest) : 0,
	    .summary = summary,
	    .summary_len = summary != NULL ? strlen(summary) : 0};
	derive_end(d, &finish);
}

/* Compares the entries since the last call. */
static void
is_entries(const char *want, const char *name)
{
	is_text(got.data, want, name);
	buf_reset(&got);
	if (got.cap > 0)
		got.data[0] = '\0';
}

static void
test_plain(void)
{
	begin((struct derive_config){.config_path = "exp.yaml"});
	is_entries("P run_dir=/r/dir config_path=exp.yaml\n", "begin");
	line(PLAIN(",\"model\":{\"model_id\":\"m\"}"));
	is_entries("R r\n"
		   "P run_id=r schema_version=1.0.1\n"
		   "E0 r m/probe\n"
		   "P experiment_id=r model_name=m model_provider=unknown "
		   "probe_name=probe probe_category=custom\n"
		   "M1 total_count=1.0 success_count=1.0 error_count=0.0 "
		   "success_rate=1.0 timeout_count=0.0\n",
	    "first record");
	line("");
	line("{");
	line("{\"run_id\":\"r\",\"status\":\"timeout\"}");
	is_entries("M2 total_count=2.0 success_count=1.0 error_count=0.0 "
		   "success_rate=0.5 timeout_count=1.0\n",
	    "second record");
	is_int((long long)derive_first_malformed(d), 3, "malformed line");
	is_int((long long)derive_mapping(d)->malformed_lines, 1, "one of them");
	finish_with(NULL, NULL);
	is_entries("M2 record_count=2.0 experiment_count=1.0\n",
	    "end: what stands is not repeated");
	is_text(derive_run_id(d), "r", "run ID");
	is_int(derive_last_step(d), 2, "last step");
}

static void
test_empty(void)
{
	begin((struct derive_config){0});
	finish.resumed_from = "a0";
	finish_with(NULL, NULL);
	finish.resumed_from = NULL;
	is_entries("P run_dir=/r/dir\n"
		   "R dir\n"
		   "P run_id=dir\n"
		   "M0 total_count=0.0 success_count=0.0 error_count=0.0 "
		   "timeout_count=0.0 record_count=0.0 experiment_count=0.0\n"
		   "P resumed_from=a0\n",
	    "no record: counts are 0, no rate, the directory's name");
	begin((struct derive_config){.points = 2});
	finish_with("{\"run_id\":5,\"schema_version\":\"1.0.0\"}", NULL);
	is_entries("P run_dir=/r/dir\n"
		   "R 5\n"
		   "P run_id=5 schema_version=1.0.0\n"
		   "M0 total_count=0.0 success_count=0.0 error_count=0.0 "
		   "timeout_count=0.0 record_count=0.0 experiment_count=0.0\n",
	    "no record: the manifest's run ID");
}

static void
test_run_id(void)
{
	begin((struct derive_config){.points = 4});
	line("{}");
	line("{\"run_id\":7}");
	line("{\"run_id\":8}");
	is_entries("P run_dir=/r/dir\n"
		   "P schema_version=1.0.1\n"
		   "E0 run model/probe\n"
		   "P experiment_id=run model_name=model "
		   "model_provider=unknown probe_name=probe "
		   "probe_category=custom\n"
		   "M1 total_count=1.0 success_count=0.0 error_count=1.0 "
		   "success_rate=0.0 timeout_count=0.0\n"
		   "R 7\n"
		   "P run_id=7\n"
		   "E1 7 model/probe with ID\n"
		   "P[0] experiment_id=run model_name=model "
		   "model_provider=unknown probe_name=probe "
		   "probe_category=custom\n"
		   "P[1] experiment_id=7 model_name=model "
		   "model_provider=unknown probe_name=probe "
		   "probe_category=custom\n"
		   "M2 total_count=2.0 success_count=0.0 error_count=2.0 "
		   "success_rate=0.0 timeout_count=0.0\n"
		   "M2[0](1) total_count=1.0 success_count=0.0 error_count=1.0 "
		   "success_rate=0.0 timeout_count=0.0\n"
		   "M2[1](1) total_count=1.0 success_count=0.0 error_count=1.0 "
		   "success_rate=0.0 timeout_count=0.0\n"
		   "E2 8 model/probe with ID\n"
		   "P[2] experiment_id=8 model_name=model "
		   "model_provider=unknown probe_name=probe "
		   "probe_category=custom\n"
		   "M3 total_count=3.0 success_count=0.0 error_count=3.0 "
		   "success_rate=0.0 timeout_count=0.0\n"
		   "M3[2](1) total_count=1.0 success_count=0.0 error_count=1.0 "
		   "success_rate=0.0 timeout_count=0.0\n",
	    "the first run ID that is one");
	begin((struct derive_config){.points = 4});
	derive_manifest(d, "{\"run_id\":\"m\"}", 14);
	line(PLAIN(""));
	is_text(derive_run_id(d), "m", "a manifest known before wins");
	begin((struct derive_config){.points = 4});
	derive_manifest(d, "{\"run_id\":\"m\"}", 14);
	line("{}");
	ok(derive_run_id(d) == NULL, "but stands where the records put it");
	begin((struct derive_config){.points = 4});
	derive_manifest(d, "not JSON", 8);
	finish_with(NULL, NULL);
	is_text(derive_run_id(d), "dir", "a manifest that is none");
}

static void
test_scores(void)
{
	begin((struct derive_config){.points = 4});
	line(PLAIN(",\"scores\":{\"a\":1,\"t\":\"x\",\"b\":true,\"n\":NaN,"
		   "\"d\":1,\"d\":null,\"\\u00e9\":2.5},"
		   "\"usage\":{\"total_tokens\":10}"));
	buf_reset(&got);
	line(PLAIN(",\"scores\":{\"c\":0.1,\"a\":2},"
		   "\"usage\":{\"total_tokens\":5,\"big\":1e999}"));
	is_entries("M2 total_count=2.0 success_count=2.0 error_count=0.0 "
		   "success_rate=1.0 timeout_count=0.0 scores/a=1.5 "
		   "scores/\u00e9=2.5 scores/c=0.1 usage/total_tokens=15.0\n",
	    "means of scores, sums of usage");
}

static void
test_score_limits(void)
{
	struct buf text;
	int i;

	begin((struct derive_config){.points = 4});
	buf_init(&text, 1 << 20);
	buf_adds(&text, "{\"scores\":{");
	for (i = 0; i < 70; i++)
		buf_addf(&text, "\"n%d\":%d,", i, i);
	buf_adds(&text, "\"t\":\"x\"},\"usage\":{\"");
	for (i = 0; i < 300; i++)
		buf_addc(&text, 'x');
	buf_adds(&text, "\":1}}");
	line(text.data);
	ok(strstr(got.data, " scores/n63=63.0\n") != NULL, "64 names");
	ok(strstr(got.data, "n64") == NULL && strstr(got.data, "xx") == NULL,
	    "not more, and no long one");
	buf_reset(&text);
	ok(derive_limits_passed(d, &text), "and that is known");
	is_text(text.data,
	    "6 scores beyond 64 names, 1 usage values beyond 64 names",
	    "limits passed");
	buf_release(&text);
}

static void
test_harness(void)
{
	begin((struct derive_config){.points = 4});
	line(HARNESS("a", "M", "P", "success"));
	line(HARNESS("a", "M", "P", "error"));
	is_entries("P run_dir=/r/dir\n"
		   "R r\n"
		   "P run_id=r schema_version=1.0.1\n"
		   "E0 a M/P\n"
		   "M1 total_count=1.0 success_count=1.0 error_count=0.0 "
		   "success_rate=1.0 timeout_count=0.0\n"
		   "M2 total_count=2.0 success_count=1.0 error_count=1.0 "
		   "success_rate=0.5 timeout_count=0.0\n",
	    "a harness with one experiment");
	finish_with(NULL, NULL);
	is_entries("M2 record_count=2.0 experiment_count=1.0\n"
		   "P experiment_id=a model_name=M model_provider=unknown "
		   "probe_name=P probe_category=custom model_count=1 "
		   "probe_count=1\n",
	    "its params are plain, at the end");
}

static void
test_harness_several(void)
{
	begin((struct derive_config){.points = 2});
	line(HARNESS("a", "M", "P", "success"));
	buf_reset(&got);
	line(HARNESS("b", "M", "Q", "success"));
	is_entries("E1 b M/Q\n"
		   "P[0] experiment_id=a model_name=M model_provider=unknown "
		   "probe_name=P probe_category=custom\n"
		   "P[1] experiment_id=b model_name=M model_provider=unknown "
		   "probe_name=Q probe_category=custom\n"
		   "M2 total_count=2.0 success_count=2.0 error_count=0.0 "
		   "success_rate=1.0 timeout_count=0.0\n"
		   "M2[0](1) total_count=1.0 success_count=1.0 error_count=0.0 "
		   "success_rate=1.0 timeout_count=0.0\n"
		   "M2[1](1) total_count=1.0 success_count=1.0 error_count=0.0 "
		   "success_rate=1.0 timeout_count=0.0\n",
	    "the second: both get params, the point has both");
	line(HARNESS("b", "M", "Q", "timeout"));
	is_entries("", "3 is no point of 2");
	line(HARNESS("b", "M", "Q", "error"));
	is_entries("M4 total_count=4.0 success_count=2.0 error_count=1.0 "
		   "success_rate=0.5 timeout_count=1.0\n"
		   "M4[1](3) total_count=3.0 success_count=1.0 error_count=1.0 "
		   "success_rate=0.3333333333333333 timeout_count=1.0\n",
	    "only what changed since the point before");
	line(HARNESS("c", "M", "Q", "success"));
	is_entries("E2 c M/Q with ID\n"
		   "P[2] experiment_id=c model_name=M model_provider=unknown "
		   "probe_name=Q probe_category=custom\n",
	    "two of equal names: the later has its ID");
	finish_with("{\"custom\":{\"harness\":{}},\"model\":{\"params\":"
		    "{\"model_count\":7}},\"probe\":{\"params\":null},"
		    "\"dataset\":{\"dataset_id\":3,\"dataset_hash\":null,"
		    "\"provenance\":\"jsonl\"}}",
	    "{\"summary\":{\"by_probe\":{"
	    "\"P\":{\"accuracy\":{\"n\":1,\"mean\":0.25}},"
	    "\"Q\":{\"accuracy\":{\"n\":1,\"mean\":0.5}}}}}");
	is_entries("M5 total_count=5.0 success_count=3.0 error_count=1.0 "
		   "success_rate=0.6 timeout_count=1.0\n"
		   "M5[2](1) total_count=1.0 success_count=1.0 error_count=0.0 "
		   "success_rate=1.0 timeout_count=0.0\n"
		   "M5 record_count=5.0 experiment_count=3.0\n"
		   "M5[0](1) accuracy=0.25\n"
		   "P model_count=7 probe_count=2 dataset_id=3 "
		   "dataset_version=None dataset_hash=None "
		   "dataset_provenance=jsonl\n",
	    "end: the last point, what does not stand there, documents");
}

/* Each experiment of a harness has times of its own, years apart here. */
static void
test_duration(void)
{
	const char *const a = HARNESS_AT("a", "2021-01-01", "2021-01-02");
	const char *const b = HARNESS_AT("b", "2031-01-01", "2031-01-03");

	begin((struct derive_config){.points = 2});
	line(a);
	buf_reset(&got);
	finish_with(NULL, NULL);
	is_entries("M1 duration_seconds=86400.0 record_count=1.0 "
		   "experiment_count=1.0\n"
		   "P experiment_id=a model_name=model model_provider=unknown "
		   "probe_name=probe probe_category=custom model_count=1 "
		   "probe_count=1\n",
	    "one experiment: its duration is the run's");
	begin((struct derive_config){.points = 2});
	line(a);
	line(b);
	buf_reset(&got);
	finish_with(NULL, NULL);
	is_entries("M2 record_count=2.0 experiment_count=2.0\n"
		   "M2[0](1) duration_seconds=86400.0\n"
		   "M2[1](1) duration_seconds=172800.0\n"
		   "P model_count=1 probe_count=1\n",
	    "two experiments: each has its own, the run has none");
	begin((struct derive_config){.points = 2});
	line("{\"run_id\":\"r\",\"started_at\":\"2021-01-01\","
	     "\"completed_at\":\"2021-01-02\"}");
	line("{\"run_id\":\"s\",\"started_at\":\"2021-01-01\","
	     "\"completed_at\":\"2021-01-02\"}");
	buf_reset(&got);
	finish_with(NULL, NULL);
	is_entries("M2 record_count=2.0 experiment_count=2.0\n"
		   "M2[0](1) duration_seconds=86400.0\n"
		   "M2[1](1) duration_seconds=86400.0\n",
	    "as two plain ones have");
}

static void
test_harness_after_plain(void)
{
	begin((struct derive_config){.points = 8});
	line(PLAIN(""));
	buf_reset(&got);
	line(HARNESS("a", "model", "probe", "error"));
	line(PLAIN(""));
	is_entries("E1 a model/probe with ID\n"
		   "M2 total_count=1.0 success_count=0.0 error_count=1.0 "
		   "success_rate=0.0 timeout_count=0.0\n"
		   "M3 total_count=1.0 success_count=0.0 error_count=1.0 "
		   "success_rate=0.0 timeout_count=0.0\n",
	    "harness records make the plain ones not count");
	finish_with(NULL, NULL);
	is_entries("M3 record_count=3.0 experiment_count=1.0\n"
		   "P experiment_id=a model_name=model model_provider=unknown "
		   "probe_name=probe probe_category=custom model_count=1 "
		   "probe_count=1\n",
	    "the end is the harness's");
}

/* What summary.json says of several experiments stands beside each of them; of a
 * single one it says nothing that is not there already. */
static void
test_groups(void)
{
	begin((struct derive_config){.prefix = "x."});
	line(HARNESS("a", "M", "P", "success"));
	line(HARNESS("b", "N", "P", "success"));
	buf_reset(&got);
	finish_with(NULL,
	    "{\"summary\":{\"by_probe\":{\"P\":{"
	    "\"accuracy\":{\"n\":2,\"mean\":0.5},"
	    "\"accuracy_ci\":{\"lower\":0.25,\"upper\":0.75},"
	    "\"success_rate\":{\"n\":2,\"mean\":1},"
	    "\"success_rate_ci\":{\"lower\":null,\"upper\":1}}},"
	    "\"by_model\":{\"M\":{\"success_rate\":{\"n\":1,\"mean\":1}},"
	    "\"N\":{\"success_rate\":{\"n\":3,\"mean\":0.125}}}}}");
	is_entries("M2 record_count=2.0 experiment_count=2.0\n"
		   "M2[0](1) probe/success_rate=1.0 probe/accuracy=0.5 "
		   "probe/accuracy_lower=0.25 probe/accuracy_upper=0.75\n"
		   "M2[1](1) model/success_rate=0.125 probe/success_rate=1.0 "
		   "probe/accuracy=0.5 probe/accuracy_lower=0.25 "
		   "probe/accuracy_upper=0.75\n"
		   "P model_count=2 probe_count=1\n",
	    "means and intervals of its model and its probe");
}

static void
test_accuracy(void)
{
	static const struct {
		const char *by_probe;
		const char *want;
	} cases[] = {
	    {"{\"P\":{\"accuracy\":{\"n\":1,\"mean\":1}}}", " x.accuracy=1.0"},
	    {"{\"P\":{\"accuracy\":{\"n\":2,\"mean\":1}}}", ""},
	    {"{\"P\":{\"accuracy\":{\"n\":1,\"mean\":null}}}", ""},
	    {"{\"P\":{\"accuracy\":null}}", ""},
	    {"{\"Q\":{\"accuracy\":{\"n\":1,\"mean\":1}}}", ""},
	    {"[]", ""},
	};
	char summary[256], want[256];
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin((struct derive_config){.prefix = "x."});
		line(HARNESS("a", "M", "P", "success"));
		buf_reset(&got);
		snprintf(summary, sizeof summary,
		    "{\"summary\":{\"by_probe\":%s}}", cases[i].by_probe);
		finish_with(NULL, summary);
		snprintf(want, sizeof want,
		    "M1%s record_count=1.0 experiment_count=1.0\n"
		    "P x.experiment_id=a x.model_name=M "
		    "x.model_provider=unknown x.probe_name=P "
		    "x.probe_category=custom model_count=1 probe_count=1\n",
		    cases[i].want);
		is_entries(want, cases[i].by_probe);
	}
}

static void
test_prefix(void)
{
	begin((struct derive_config){.prefix = "scores/"});
	line(PLAIN(",\"scores\":{\"total_count\":9,\"accuracy\":9,\"a\":9}"));
	ok(strstr(got.data, " scores/experiment_id=r ") != NULL, "params");
	ok(strstr(got.data,
	       "M1 scores/total_count=1.0 scores/success_count=1.0 "
	       "scores/error_count=0.0 scores/success_rate=1.0 "
	       "timeout_count=0.0 scores/a=9.0\n") != NULL,
	    "no name twice at one step");
}

static void
test_observed(void)
{
	begin((struct derive_config){.points = 2});
	arrives(PLAIN(",\"started_at\":\"2026-01-01\","
		      "\"completed_at\":\"2026-01-02\""),
	    0);
	buf_reset(&got);
	arrives(PLAIN(""), 250);
	is_entries(
	    "M2 total_count=2.0 success_count=2.0 error_count=0.0 "
	    "success_rate=1.0 timeout_count=0.0 "
	    "observed/records_per_second=4.0 observed/latency_ms=250.0\n",
	    "rate and latency");
	now_us += 250000;
	line(PLAIN(""));
	arrives(PLAIN(""), 250);
	is_entries("M4 total_count=4.0 success_count=4.0 error_count=0.0 "
		   "success_rate=1.0 timeout_count=0.0 "
		   "observed/records_per_second=4.0 "
		   "observed/latency_ms=250.0\n",
	    "a record that was not seen alone counts, but has no latency");
	finish.has_exit = finish.has_usage = finish.has_wall = true;
	finish.exit_code = 3;
	finish.wall_seconds = 1.5;
	finish.usage.ru_utime = (struct timeval){1, 500000};
	finish.usage.ru_maxrss = 2;
	finish_with(NULL, NULL);
	is_entries("M4 duration_seconds=86400.0 record_count=4.0 "
		   "experiment_count=1.0\n"
		   "M4 wall_time_seconds=1.5 "
		   "observed/records_per_second=4.0 "
		   "observed/latency_ms=250.0 observed/latency_p50_ms=250.0 "
		   "observed/latency_p95_ms=250.0 "
		   "observed/latency_p99_ms=250.0 process/user_cpu_seconds=1.5 "
		   "process/system_cpu_seconds=0.0 "
		   "process/max_rss_bytes=2048.0\n"
		   "P exit_code=3\n"
		   "H4 observed/latency_ms_histogram 1.0\n",
	    "what only an observer knows comes last");
	begin((struct derive_config){.points = 2});
	arrives(HARNESS("a", "M", "P", "success"), 0);
	arrives(HARNESS("a", "M", "P", "success"), 10);
	finish.has_exit = true;
	finish.exit_signal = 9;
	finish_with(NULL, NULL);
	ok(strstr(got.data, "observed/") == NULL, "not in a harness");
	ok(strstr(got.data, "P exit_signal=9\n") != NULL, "a signal");
}

static void
test_latency(void)
{
	begin((struct derive_config){.points = 2});
	arrives(PLAIN(",\"latency_ms\":10"), 0);
	arrives(PLAIN(",\"latency_ms\":20.5"), 5);
	arrives("{\"latency_ms\":1000,\"run_id\":\"r\"}", 5);
	buf_reset(&got);
	finish.has_wall = true;
	finish_with(NULL, NULL);
	is_entries("M3 total_count=3.0 success_count=2.0 error_count=1.0 "
		   "success_rate=0.6666666666666666 timeout_count=0.0 "
		   "observed/records_per_second=200.0 "
		   "observed/latency_ms=5.0\n"
		   "M3 avg_latency_ms=15.25 min_latency_ms=10.0 "
		   "max_latency_ms=20.5 record_count=3.0 "
		   "experiment_count=1.0\n"
		   "H3 latency_ms 3.0\n"
		   "M3 wall_time_seconds=0.0 "
		   "observed/records_per_second=200.0 "
		   "observed/latency_ms=5.0 observed/latency_p50_ms=5.0 "
		   "observed/latency_p95_ms=5.0 observed/latency_p99_ms=5.0\n",
	    "latencies of successful records, a histogram of all");
}

/* At 10 records in a second for 20 s, then one each 15 s. */
static void
test_window(void)
{
	const char *record = PLAIN("");
	int i;

	begin((struct derive_config){.points = 0});
	for (i = 0; i <= 200; i++)
		arrives(record, 100);
	ok(strstr(got.data, "M200 ") != NULL &&
		strstr(strstr(got.data, "M200 "),
		    "observed/records_per_second=10.0 "
		    "observed/latency_ms=100.0\n") != NULL,
	    "a steady rate");
	buf_reset(&got);
	arrives(record, 15000);
	arrives(record, 15000);
	ok(strstr(got.data,
	       "observed/records_per_second=0.06666666666666667 "
	       "observed/latency_ms=15000.0\n") != NULL,
	    "what is older than the window does not count");
	buf_reset(&got);
	finish_with(NULL, NULL);
	ok(strstr(got.data,
	       "observed/records_per_second=4.04 "
	       "observed/latency_ms=100.0 observed/latency_p50_ms=100.0 "
	       "observed/latency_p95_ms=100.0 "
	       "observed/latency_p99_ms=100.0\n") != NULL,
	    "at the end the values are the whole run's");
}

static void
test_error_types(void)
{
	begin((struct derive_config){.points = 0});
	line(PLAIN(",\"error_type\":null"));
	line(FAILED("error", "RuntimeError"));
	line(FAILED("timeout", "Time\\u006fut"));
	buf_reset(&got);
	line(FAILED("error", "RuntimeError"));
	is_entries("M4 total_count=4.0 success_count=1.0 error_count=2.0 "
		   "success_rate=0.25 timeout_count=1.0 "
		   "errors/RuntimeError=2.0 errors/Timeout=1.0\n",
	    "records of each error_type");
	line(PLAIN(",\"error_type\":7"));
	line(PLAIN(",\"error_type\":\"\""));
	line(PLAIN(",\"error_type\":{\"a\":1}"));
	ok(strstr(got.data, "errors/7") == NULL &&
		strstr(got.data, "errors/=") == NULL &&
		strstr(got.data, "errors/a") == NULL,
	    "what is no text is no type");
	begin((struct derive_config){.points = 0});
	line("{\"error_type\":\"A\",\"custom\":{\"harness\":{"
	     "\"experiment_id\":\"a\",\"model_name\":\"M\","
	     "\"probe_name\":\"P\"}}}");
	line(HARNESS("b", "N", "P", "success"));
	ok(strstr(got.data,
	       "M2[0](1) total_count=1.0 success_count=0.0 error_count=1.0 "
	       "success_rate=0.0 timeout_count=0.0 errors/A=1.0\n"
	       "M2[1](1) total_count=1.0 success_count=1.0 error_count=0.0 "
	       "success_rate=1.0 timeout_count=0.0\n") != NULL,
	    "each experiment has its own");
}

static void
test_error_limit(void)
{
	char text[64];
	struct buf said;
	int i;

	begin((struct derive_config){.points = 1 << 20});
	for (i = 0; i < 35; i++) {
		snprintf(text, sizeof text,
		    "{\"status\":\"error\",\"error_type\":\"E%d\"}", i);
		line(text);
	}
	line(text);
	ok(strstr(got.data, " errors/E31=1.0") != NULL &&
		strstr(got.data, "errors/E32") == NULL,
	    "the first 32 types");
	buf_init(&said, 4096);
	ok(derive_limits_passed(d, &said), "that there were more is said");
	is_text(said.data, "4 errors beyond 32 names", "how many");
	buf_release(&said);
}

int
main(void)
{
	buf_init(&got, 1 << 20);
	test_plain();
	test_empty();
	test_run_id();
	test_scores();
	test_score_limits();
	test_harness();
	test_harness_several();
	test_duration();
	test_harness_after_plain();
	test_groups();
	test_accuracy();
	test_prefix();
	test_observed();
	test_window();
	test_error_types();
	test_error_limit();
	test_latency();
	derive_free(d);
	buf_release(&got);
	return done_testing();
}

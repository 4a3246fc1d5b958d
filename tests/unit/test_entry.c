#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/die.h"
#include "journal/entry.h"
#include "tap.h"

/* Encodes, decodes, encodes again: the two lines must be equal. */
static void
round_trip(struct entry *e, const char *name)
{
	struct buf first, second;
	struct err err = ERR_INIT;
	struct entry back;

	buf_init(&first, ENTRY_LINE_MAX);
	buf_init(&second, ENTRY_LINE_MAX);
	ok(entry_encode(e, &first) == 0, "%s: is written", name);
	if (ok(entry_decode(&back, first.data, first.len - 1, &err) == 0,
		"%s: is read back (%s)", name, err.message)) {
		entry_encode(&back, &second);
		is_text(second.data, first.data, name);
		entry_release(&back);
	}
	entry_release(e);
	buf_release(&first);
	buf_release(&second);
}

static void
test_start(void)
{
	struct entry e;

	entry_init(&e, ENTRY_START, 1764000000123456);
	e.start.attempt = xstrdup("20261123T130842Z-4f8a1c0d9e2b");
	e.start.run_dir = xstrdup("/runs/a\nb\xed\xb3\xbf");
	e.start.project = xstrdup("insidellms");
	e.start.prefix = xstrdup("");
	e.start.tags = xcalloc(2, sizeof(char *));
	e.start.tags[0] = xstrdup("nightly");
	e.start.tags[1] = xstrdup("\xc0\x80");
	e.start.tag_len = 2;
	e.start.targets = xcalloc(1, sizeof(struct target));
	e.start.target_len = 1;
	e.start.targets[0].tracker = xstrdup("local");
	e.start.targets[0].options = xcalloc(1, sizeof(struct pair));
	e.start.targets[0].option_len = 1;
	e.start.targets[0].options[0] =
	    (struct pair){xstrdup("local-dir"), xstrdup("/x")};
	e.start.pid = 42;
	e.start.source = SOURCE_IMPORT;
	e.start.parent = xstrdup("20261123T130842Z-000000000000");
	e.start.no_run = true;
	e.start.open = xstrdup("20261123T130842Z-000000000001");
	round_trip(&e, "start");
}

static void
test_params(void)
{
	struct entry e;

	entry_init(&e, ENTRY_PARAMS, 7);
	entry_add_param_text(&e, "run_id", "first");
	entry_add_param_integer(&e, "n", INT64_MIN);
	entry_add_param_double(&e, "d", NAN);
	entry_add_param_double(&e, "e", -0.0);
	entry_add_param_bool(&e, "b", true);
	entry_add_param_null(&e, "z");
	entry_add_param_text(&e, "run_id", "NaN");
	is_int((long long)e.params.len, 6, "a name given twice is one param");
	is_text(e.params.list[0].value.text, "NaN", "the later value wins");
	e.params.experiment = 3;
	round_trip(&e, "params");
}

static void
test_records(void)
{
	struct entry e;

	entry_init(&e, ENTRY_RECORDS, 7);
	e.records.path = xstrdup("/r/records.jsonl");
	e.records.kept = xstrdup("kept.7");
	e.records.offset = 4096;
	e.records.length = 17;
	e.records.crc32c = 0xffffffff;
	e.records.first = 3;
	e.records.count = 2;
	e.records.every = 1;
	round_trip(&e, "records of an import");
	entry_init(&e, ENTRY_RECORDS, 7);
	e.records.path = xstrdup("/r/records.jsonl");
	e.records.first = e.records.every = 4;
	e.records.count = 2;
	e.records.age_len = e.records.experiment_len = 2;
	e.records.ages_us = xcalloc(2, sizeof(int64_t));
	e.records.ages_us[0] = 12;
	e.records.experiments = xcalloc(2, sizeof(int64_t));
	e.records.experiments[1] = ENTRY_NO_EXPERIMENT;
	round_trip(&e, "records that were seen to arrive");
}

static void
test_metrics(void)
{
	struct entry e, back;
	struct buf line;

	buf_init(&line, ENTRY_LINE_MAX);
	entry_init(&e, ENTRY_METRICS, 7);
	e.metrics.step = 12;
	entry_add_metric(&e, "a", 0.1);
	entry_add_metric(&e, "b", NAN);
	entry_add_metric(&e, "c", -INFINITY);
	entry_add_metric(&e, "d", 5e-324);
	entry_encode(&e, &line);
	ok(entry_decode(&back, line.data, line.len - 1, NULL) == 0, "decode");
	ok(back.metrics.list[0].value == 0.1, "a double to the last bit");
	ok(isnan(back.metrics.list[1].value), "NaN");
	ok(back.metrics.list[2].value == -INFINITY, "minus infinity");
	is_int(back.metrics.experiment, ENTRY_NO_EXPERIMENT, "no experiment");
	is_int(entry_step(&back, true), 12, "and so no step of its own");
	entry_release(&back);
	buf_release(&line);
	round_trip(&e, "metrics");
	entry_init(&e, ENTRY_METRICS, 7);
	e.metrics.step = 12;
	e.metrics.experiment = 1;
	e.metrics.experiment_step = 4;
	is_int(entry_step(&e, false), 12, "step in the run of all");
	is_int(entry_step(&e, true), 4, "step in the experiment's own");
	round_trip(&e, "metrics of an experiment");
}

static void
test_others(void)
{
	struct entry e;

	entry_init(&e, ENTRY_EXPERIMENT, 1);
	e.experiment = (struct entry_experiment){.index = 1,
	    .id = xstrdup("x"),
	    .model_name = xstrdup("Beta β"),
	    .model_provider = xstrdup("p"),
	    .probe_name = xstrdup("q"),
	    .probe_category = xstrdup("logic"),
	    .name_has_id = true};
	round_trip(&e, "experiment");
	entry_init(&e, ENTRY_ARTIFACT, 1);
	e.artifact = (struct entry_artifact){.name = xstrdup("records.jsonl"),
	    .type = xstrdup("file"),
	    .path = xstrdup("/r/records.jsonl"),
	    .kept = xstrdup("kept.1"),
	    .size = 1,
	    .mtime_ns = 2,
	    .inode = 3};
	round_trip(&e, "artifact");
	entry_init(&e, ENTRY_HISTOGRAM, 1);
	e.histogram.name = xstrdup("latency_ms");
	e.histogram.len = 2;
	e.histogram.limits = xcalloc(2, sizeof(double));
	e.histogram.counts = xcalloc(2, sizeof(double));
	e.histogram.limits[1] = 1.5;
	e.histogram.step = 12;
	e.histogram.experiment = 1;
	e.histogram.experiment_step = 4;
	is_int(entry_step(&e, false), 12, "a histogram's step");
	is_int(entry_step(&e, true), 4, "and its own");
	round_trip(&e, "histogram");
	entry_init(&e, ENTRY_REGISTER, 1);
	e.registration =
	    (struct entry_register){.uri = xstrdup("runs:/nightly/model"),
		.name = xstrdup("classifier"),
		.id = xstrdup("0123456789abcdef")};
	round_trip(&e, "register");
	entry_init(&e, ENTRY_END, 1);
	e.end = (struct entry_end){.status = RUN_KILLED,
	    .last_step = 9,
	    .exit_code = ENTRY_NO_EXIT_CODE,
	    .exit_signal = 2};
	round_trip(&e, "end");
	entry_init(&e, ENTRY_RUN_ID, 1);
	e.run_id = xstrdup("\xed\xa0\xbd");
	round_trip(&e, "run_id with a lone surrogate");
}

#define START                                                              \
	"{\"entry\":\"start\",\"time_us\":1,\"version\":1,"                \
	"\"attempt\":\"20261123T130842Z-4f8a1c0d9e2b\",\"project\":\"p\"," \
	"\"prefix\":\"\",\"run_dir\":\"/r\""
#define ARTIFACT                                                \
	"{\"entry\":\"artifact\",\"time_us\":1,\"name\":\"n\"," \
	"\"type\":\"file\",\"path\":\"/p\""
#define EXPERIMENT                                                         \
	"{\"entry\":\"experiment\",\"time_us\":1,\"experiment_id\":\"i\"," \
	"\"model_name\":\"m\",\"model_provider\":\"p\","                   \
	"\"probe_name\":\"p\",\"probe_category\":\"c\""
#define METRICS   "{\"entry\":\"metrics\",\"time_us\":1"
#define PARAMS    "{\"entry\":\"params\",\"time_us\":1"
#define RECORDS   "{\"entry\":\"records\",\"time_us\":1"
#define TABLE     "{\"entry\":\"table\",\"time_us\":1,\"name\":\"n\""
#define HISTOGRAM "{\"entry\":\"histogram\",\"time_us\":1,\"name\":\"n\""
#define REGISTER \
	"{\"entry\":\"register\",\"time_us\":1,\"uri\":\"u\",\"name\":\"n\""
#define END "{\"entry\":\"end\",\"time_us\":1"

/* `line` is what the member is added to. */
struct damage {
	const char *line, *name, *value;
};

static const struct damage damages[] = {
    {START, "run_dir", "\"\\u0000\""},
    {START, "run_dir", "\"/a\\u0000b\""},
    {START, "run_dir", "\"/\\ud83d\""},
    {START, "run_dir", "7"},
    {START, "config_path", "\"\\u0000\""},
    {START, "cwd", "\"\\u0000\""},
    {START, "cwd", "[]"},
    {START, "attempt", "\"a\""},
    {START, "attempt", "\"../20261123T130842Z-4f8a1c0d9\""},
    {START, "parent", "\"a/b\""},
    {START, "resumed_from", "\"\""},
    {START, "project", "1"},
    {START, "host", "true"},
    {START, "source", "\"nobody\""},
    {START, "no_run", "1"},
    {START, "pid", "-1"},
    {START, "pid", "2147483648"},
    {START, "pid_start", "-1"},
    {START, "writer", "99999999999"},
    {START, "writer_start", "-5"},
    {START, "pid", "1.5"},
    {START, "points", "-1"},
    {START, "points", "9223372036854775808"},
    {START, "dir_inode", "\"1\""},
    {START, "tags", "\"t\""},
    {START, "tags", "[1]"},
    {START, "targets", "{}"},
    {START, "targets", "[1]"},
    {START, "targets", "[{\"tracker\":\"../x\"}]"},
    {START, "targets", "[{\"tracker\":\"local\",\"options\":[]}]"},
    {START, "targets",
	"[{\"tracker\":\"local\",\"options\":{\"local-dir\":1}}]"},
    {START, "targets",
	"[{\"tracker\":\"local\",\"options\":{\"local-dir\":\"\\u0000\"}}]"},
    {ARTIFACT, "path", "\"/p\\u0000\""},
    {ARTIFACT, "kept", "\"kept.1/../x\""},
    {ARTIFACT, "size", "-1"},
    {ARTIFACT, "size", "1e3"},
    {ARTIFACT, "mtime_ns", "99999999999999999999"},
    {ARTIFACT, "inode", "\"x\""},
    {ARTIFACT, "name", "{}"},
    {TABLE, "path", "\"\\u0000\""},
    {TABLE, "columns", "[null]"},
    {RECORDS, "path", "\"records.jsonl\""},
    {RECORDS, "kept", "\"journal.jsonl\""},
    {RECORDS, "offset", "-1"},
    {RECORDS, "length", "1.5"},
    {RECORDS, "crc32c", "4294967296"},
    {RECORDS, "first", "0"},
    {RECORDS, "count", "-1"},
    {RECORDS, "every", "0"},
    {RECORDS, "ages_us", "[-1]"},
    {RECORDS, "ages_us", "[1,\"2\"]"},
    {RECORDS, "ages_us", "5"},
    {RECORDS, "experiments", "[1000001]"},
    {RECORDS, "experiments", "[-2]"},
    {EXPERIMENT, "index", "-1"},
    {EXPERIMENT, "index", "1000001"},
    {EXPERIMENT, "name_has_id", "\"yes\""},
    {METRICS, "metrics", "[]"},
    {METRICS, "metrics", "{\"a\":\"b\"}"},
    {METRICS, "metrics", "{\"a\":null}"},
    {METRICS, "step", "9223372036854775808"},
    {METRICS, "step", "\"1\""},
    {METRICS, "experiment", "-2"},
    {METRICS, "experiment", "99999999999"},
    {METRICS, "experiment_step", "-1"},
    {METRICS, "experiment_step", "1.0"},
    {METRICS, "records_bytes", "-1"},
    {METRICS, "records_crc32c", "4294967296"},
    {PARAMS, "params", "[]"},
    {PARAMS, "params", "{\"a\":{}}"},
    {PARAMS, "params", "{\"a\":[]}"},
    {PARAMS, "params", "{\"a\":[1,2]}"},
    {PARAMS, "params", "{\"a\":9223372036854775808}"},
    {PARAMS, "params", "{\"a\":1.5}"},
    {PARAMS, "experiment", "1000001"},
    {HISTOGRAM, "limits", "[\"x\"]"},
    {HISTOGRAM, "limits", "[1],\"counts\":[1,2]"},
    {HISTOGRAM, "counts", "[1],\"limits\":[]"},
    {HISTOGRAM, "min", "null"},
    {HISTOGRAM, "experiment", "-1"},
    {HISTOGRAM, "experiment_step", "-1"},
    {REGISTER, "id", "\"../../x\""},
    {REGISTER, "id", "5"},
    {END, "status", "\"crashed\""},
    {END, "status", "null"},
    {END, "exit_code", "-1"},
    {END, "exit_code", "256"},
    {END, "exit_signal", "4294967297"},
    {END, "last_step", "[]"},
};

/* One after the other, none is taken, and the member is named. */
static void
test_damaged(void)
{
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		const struct damage *d = &damages[i];
		char *line =
		    xasprintf("%s,\"%s\":%s}", d->line, d->name, d->value);
		const char *last = strstr(d->value, ",\"");
		struct err err = ERR_INIT;
		struct entry e;
		int result = entry_decode(&e, line, strlen(line), &err);

		ok(result == -EBADMSG &&
			(last != NULL || strstr(err.message, d->name) != NULL),
		    "%s %s: '%s'", d->name, d->value, err.message);
		if (result == 0)
			entry_release(&e);
		free(line);
	}
}

struct lack {
	const char *line, *name;
};

static const struct lack lacks[] = {
    {"{\"entry\":\"start\",\"time_us\":1,\"version\":1}", "attempt"},
    {START ",\"prefix\":null}", "prefix"},
    {START ",\"targets\":[{}]}", "targets: lacks tracker"},
    {"{\"entry\":\"run_id\",\"time_us\":1}", "run_id"},
    {"{\"entry\":\"experiment\",\"time_us\":1,\"experiment_id\":\"x\"}",
	"model_name"},
    {TABLE "}", "path"},
    {RECORDS "}", "path"},
    {RECORDS ",\"path\":\"/p\",\"offset\":0,\"length\":1}", "first"},
    {HISTOGRAM ",\"limits\":[1]}", "counts"},
    {HISTOGRAM ",\"limits\":[],\"counts\":[1]}", "limits"},
    {REGISTER "}", "id"},
};

static void
test_lacking(void)
{
	for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++) {
		const char *line = lacks[i].line;
		struct err err = ERR_INIT;
		struct entry e;

		ok(entry_decode(&e, line, strlen(line), &err) == -EBADMSG &&
			strstr(err.message, "lacks") != NULL &&
			strstr(err.message, lacks[i].name) != NULL,
		    "%s: '%s'", line, err.message);
	}
}

/* An end has an exit code only where there is one, be it 0. */
static void
test_exit_code(void)
{
	static const char with[] =
	    END ",\"status\":\"finished\",\"last_step\":0,\"exit_code\":0}";
	struct entry e;
	struct buf line;

	buf_init(&line, ENTRY_LINE_MAX);
	entry_init(&e, ENTRY_END, 1);
	entry_encode(&e, &line);
	ok(strstr(line.data, "exit_code") == NULL, "no exit code");
	e.end.exit_code = 0;
	buf_reset(&line);
	entry_encode(&e, &line);
	ok(strncmp(line.data, with, sizeof with - 1) == 0, "an exit code of 0");
	ok(entry_decode(&e, END "}", sizeof END, NULL) == 0 &&
		e.end.exit_code == ENTRY_NO_EXIT_CODE,
	    "none is read");
	buf_release(&line);
}

/* Times at the ends of what there is, and beyond. */
static void
test_times(void)
{
	static const char *const beyond[] = {
	    "253402214400000000", "-62135510400000001", "1e3", "\"1\""};
	struct entry e;

	for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
		char *line =
		    xasprintf("{\"entry\":\"end\",\"time_us\":%s}", beyond[i]);

		is_int(
		    entry_decode(&e, line, strlen(line), NULL), -EBADMSG, line);
		free(line);
	}
	entry_init(&e, ENTRY_END, INT64_MAX);
	round_trip(&e, "a file's time of the year 294247");
	entry_init(&e, ENTRY_END, INT64_MIN);
	round_trip(&e, "and one as long ago");
}

/* As no writer of ours puts it, but as JSON has it. */
static void
test_order(void)
{
	static const char line[] =
	    " {\"metrics\": {\"a\": 1, \"\\u0062\": \"NaN\"}, \"later\": [{}],"
	    " \"step\": 3, \"time_us\": 5, \"entry\": \"metrics\"} ";
	struct err err = ERR_INIT;
	struct entry e;

	if (!ok(entry_decode(&e, line, sizeof line - 1, &err) == 0,
		"members in any order (%s)", err.message))
		return;
	ok(e.kind == ENTRY_METRICS && e.time_us == 5 && e.metrics.step == 3,
	    "kind, time and step");
	is_int((long long)e.metrics.len, 2, "both metrics");
	is_text(e.metrics.list[1].name, "b", "a name with an escape");
	ok(isnan(e.metrics.list[1].value), "NaN");
	entry_release(&e);
}

/* More names than the list has room for at first, more than once. */
static void
test_many(void)
{
	struct entry e;
	char name[16];

	entry_init(&e, ENTRY_METRICS, 7);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "m%d", i);
		entry_add_metric(&e, name, i);
	}
	is_int((long long)e.metrics.len, 100, "a hundred metrics");
	is_text(e.metrics.list[99].name, "m99", "the last of them");
	round_trip(&e, "a hundred metrics");
}

/* Who looks at the kind alone sees the first. */
static void
test_two_kinds(void)
{
	static const char line[] =
	    "{\"entry\":\"metrics\",\"entry\":\"run_id\","
	    "\"time_us\":1,\"run_id\":\"a\"}";
	struct entry e;

	if (!ok(entry_decode(&e, line, sizeof line - 1, NULL) == 0,
		"a line with two kinds"))
		return;
	ok(e.kind == ENTRY_METRICS, "is of the first");
	entry_release(&e);
}

static void
refused(const char *line, int code)
{
	struct entry e;
	struct err err = ERR_INIT;
	int result = entry_decode(&e, line, strlen(line), &err);

	is_int(result, code, line);
	if (result == 0)
		entry_release(&e);
}

int
main(void)
{
	test_start();
	test_params();
	test_records();
	test_metrics();
	test_others();
	test_order();
	test_damaged();
	test_lacking();
	test_exit_code();
	test_times();
	test_many();
	test_two_kinds();
	refused("{\"entry\":\"end\",\"time_us\":1} x", -EBADMSG);
	refused("{\"entry\":\"metrics\",\"time_us\":1,\"metrics\":{\"a\":1,}}",
	    -EBADMSG);
	refused("{\"entry\":\"metrics\",\"time_us\":1,\"metrics\":{\"a\":1}",
	    -EBADMSG);
	refused("{\"entry\":\"run_id\",\"time_us\":1,\"run_id\":\"x\",\"y\":}",
	    -EBADMSG);
	refused("", -EBADMSG);
	refused("{\"entry\":\"end\",\"time_us\":1", -EBADMSG);
	refused("{\"entry\":\"end\"}", -EBADMSG);
	refused("[]", -EBADMSG);
	refused("{\"entry\":\"run_id\",\"time_us\":1}", -EBADMSG);
	refused("{\"entry\":\"later\",\"time_us\":1}", -EPROTONOSUPPORT);
	refused("{\"entry\":\"start\",\"time_us\":1,\"version\":2}",
	    -EPROTONOSUPPORT);
	refused("{\"entry\":\"histogram\",\"time_us\":1,\"name\":\"h\","
		"\"counts\":[1,2,3]}",
	    -EBADMSG);
	return done_testing();
}

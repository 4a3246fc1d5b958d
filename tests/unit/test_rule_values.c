/*
 * Rules over the running values of whole runs: none holds in 1,000 replays of
 * clean runs, at whatever record one looks, and each holds at its record where
 * the run is as it says.
 */
#include "mapping/rule_values.h"

#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/lines.h"
#include "mapping/scores.h"
#include "tap.h"

#define FIXTURES    "tests/fixtures/"
#define REPLAYS     1000
#define RULES_MAX   16
#define RECORDS_MAX 64

struct replay {
	struct rule rules[RULES_MAX];
	size_t rule_len;
	double stalled_seconds;
	const struct rule *held; /* the first that did */
	int64_t at;              /* and at which record */
	double value;
};

/* The records of a run, in this order. */
static char *records[RECORDS_MAX];
static size_t record_len;

static void
forget(struct entry *e, void *data)
{
	(void)data;
	entry_release(e);
}

static void
on_counted(const struct derive *d, void *data)
{
	struct replay *r = data;

	if (r->held != NULL)
		return;
	r->held = rule_values_find(
	    d, r->rules, r->rule_len, r->stalled_seconds, &r->value);
	if (r->held != NULL)
		r->at = derive_last_step(d);
}

static void
add_rule(struct replay *r, const char *text)
{
	char why[RULE_WHY_MAX];

	if (rule_parse(&r->rules[r->rule_len++], text,
		RULE_COMPARES | RULE_AFTER, why) != 0)
		die("%s: %s", text, why);
}

static void
load(const char *fixture)
{
	char *path = xasprintf(FIXTURES "%s/run/records.jsonl", fixture);
	struct lines lines;
	const char *line;
	size_t len;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	while (record_len > 0)
		free(records[--record_len]);
	lines_init(&lines, fd);
	while (record_len < RECORDS_MAX &&
	    lines_next(&lines, &line, &len, NULL) > 0)
		records[record_len++] = xstrndup(line, len);
	lines_release(&lines);
	close(fd);
	free(path);
}

static void
shuffle(void)
{
	for (size_t i = record_len; i > 1; i--) {
		size_t k = (size_t)random() % i;
		char *other = records[i - 1];

		records[i - 1] = records[k];
		records[k] = other;
	}
}

/* As a worker reads them: each arrives alone, or behind others. */
static void
play(struct replay *r, const char *prefix)
{
	struct derive_config config = {.run_dir = "/r",
	    .dir_name = "r",
	    .prefix = prefix,
	    .points = 2 + random() % 512,
	    .counted = on_counted,
	    .counted_data = r};
	struct derive *d = derive_new(&config, forget, NULL);
	struct derive_arrival arrival = {.time_us = 1};

	r->held = NULL;
	derive_begin(d, 0);
	for (size_t i = 0; i < record_len; i++) {
		arrival.time_us += 1000 + random() % 100000;
		arrival.observed = random() % 4 != 0;
		derive_line(d, records[i], strlen(records[i]), &arrival);
	}
	derive_free(d);
}

static void
test_clean(void)
{
	static const char *const fixtures[] = {
	    "run_plain", "run_scored", "latencies", "run_schema_1_0_0"};
	struct replay r = {.stalled_seconds = 299.9};
	size_t fired = 0, read = 0;

	add_rule(&r, "error_rate > 0.5 after 20");
	add_rule(&r, "error_rate > 0.2");
	add_rule(&r, "success_rate < 0.8");
	add_rule(&r, "usage/total_tokens > 2e6");
	add_rule(&r, "error_count > 10");
	add_rule(&r, "timeout_count >= 1");
	add_rule(&r, "errors/TimeoutError > 0");
	add_rule(&r, "scores/exact_match < 0 after 5");
	add_rule(&r, "observed/records_per_second > 1e6");
	add_rule(&r, "observed/latency_ms > 60000");
	add_rule(&r, "stalled > 300");
	for (size_t i = 0; i < REPLAYS; i++) {
		load(fixtures[i % (sizeof fixtures / sizeof fixtures[0])]);
		if (i > 5)
			shuffle();
		play(&r, i % 7 == 0 ? "x/" : "");
		read += record_len;
		if (r.held != NULL && fired++ == 0)
			printf("# %s: %s is %g at record %lld\n",
			    fixtures[i % 4], r.held->name, r.value,
			    (long long)r.at);
	}
	ok(read > 10 * (size_t)REPLAYS, "%zu records were read", read);
	is_int((long long)fired, 0, "no rule holds in 1,000 clean replays");
}

static void
holds_at(const char *text, int64_t at, double value)
{
	struct replay r = {.stalled_seconds = -1};

	add_rule(&r, text);
	play(&r, "");
	ok((r.held != NULL) == (at > 0) &&
		(at == 0 || (r.at == at && fabs(r.value - value) < 1e-9)),
	    "%s: record %lld, %g", text, (long long)at, value);
	if (r.held != NULL)
		printf("# at %lld: %g\n", (long long)r.at, r.value);
}

static void
test_bad(void)
{
	struct replay r = {.stalled_seconds = 300};

	/* 4 of its 12 records are errors, and 2 are timeouts. */
	load("run_errors");
	holds_at("error_rate > 0.45 after 12", 12, 0.5);
	holds_at("error_rate > 0.5 after 12", 0, 0);
	holds_at("error_rate >= 0.5 after 12", 12, 0.5);
	holds_at("success_rate <= 0.5 after 12", 12, 0.5);
	holds_at("error_count >= 4", 12, 4);
	holds_at("total_count > 3", 4, 4);
	holds_at("usage/nothing > 0", 0, 0);
	holds_at("stalled > 0", 0, 0);
	add_rule(&r, "stalled > 300");
	play(&r, "");
	ok(r.held == NULL, "stalled for 300 seconds is not more than 300");
	r.stalled_seconds = 300.001;
	play(&r, "");
	ok(r.held != NULL && r.at == 1, "but a bit more is");
}

static void
test_means(void)
{
	static const double tenths[] = {0.1, 0.2, 0.3, 0.7, 0.1},
			    swing[] = {DBL_MAX, DBL_MAX, -DBL_MAX, -DBL_MAX, 5};
	struct sum s = {0};
	double plain = 0;

	ok(isnan(sum_mean(&s)), "no value has no mean");
	for (size_t i = 0; i < 5; i++) {
		sum_add(&s, tenths[i]);
		plain += tenths[i];
	}
	ok(sum_mean(&s) == plain / 5, "the sum by the count, to the last bit");
	s = (struct sum){0};
	for (size_t i = 0; i < 3; i++)
		sum_add(&s, 1e308);
	ok(fabs(sum_mean(&s) - 1e308) < 1e294, "the sum is infinite, no mean");
	s = (struct sum){0};
	for (size_t i = 0; i < 7; i++)
		sum_add(&s, -DBL_MAX);
	ok(sum_mean(&s) == -DBL_MAX, "the largest doubles");
	s = (struct sum){0};
	for (size_t i = 0; i < 5; i++)
		sum_add(&s, swing[i]);
	ok(fabs(sum_mean(&s)) <= 1, "a sum that was infinite on the way");
}

int
main(void)
{
	srandom(1);
	test_clean();
	test_bad();
	test_means();
	while (record_len > 0)
		free(records[--record_len]);
	return done_testing();
}

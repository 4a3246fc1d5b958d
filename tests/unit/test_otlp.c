/* The OTLP tracker's pure parts: the lists of OpenTelemetry's variables, names,
 * series, and what an answer means. */
#include <stdlib.h>

#include "tests/unit/tap.h"
#include "tracker/otlp/conventions.h"
#include "tracker/otlp/pairs.h"
#include "tracker/otlp/reply.h"
#include "tracker/otlp/metrics_body.h"

#define TEXT_MAX 4096
#define SECOND   INT64_C(1000000000)

static void
test_pairs(void)
{
	struct pair *list;
	size_t len;

	is_int((long long)otlp_pairs_read(NULL, &list, &len), 0, "no list");
	is_int((long long)len, 0, "is empty");
	is_int((long long)otlp_pairs_read(
		   " a = b , c=%2C%3d,x,=y, ,a=d", &list, &len),
	    2, "two have not the form");
	is_int((long long)len, 2, "a name stands once");
	is_text(list[0].text, "d", "with its last value");
	is_text(list[1].name, "c", "the other's name");
	is_text(list[1].text, ",=", "and its value, decoded");
	otlp_pairs_release(list, len);
}

static void
test_names(void)
{
	struct otlp_metric m;
	struct buf own;
	char *first;

	buf_init(&own, TEXT_MAX);
	m = otlp_metric_of("scores/exact_match", OTLP_GAUGE, &own);
	is_text(m.name, "insidellms.score", "a score");
	is_text(m.value, "exact_match", "has its name as label");
	m = otlp_metric_of("total_count", OTLP_GAUGE, &own);
	ok(m.name == NULL, "the total is in its parts");
	m = otlp_metric_of("observed/latency_ms", OTLP_GAUGE, &own);
	is_text(m.name, "insidellms.observed/latency_ms", "an own name");
	m = otlp_metric_of("records", OTLP_GAUGE, &own);
	ok(strcmp(m.name, "insidellms.records") != 0,
	    "no name of another kind of metric: %s", m.name);
	m = otlp_metric_of("a b", OTLP_GAUGE, &own);
	first = strdup(m.name);
	m = otlp_metric_of("a\tb", OTLP_GAUGE, &own);
	ok(strcmp(first, m.name) != 0, "two names stay two: %s", m.name);
	free(first);
	buf_release(&own);
}

static void
test_series(void)
{
	const struct otlp_metric metric = {.name = "m", .kind = OTLP_GAUGE};
	struct otlp_labels none = {.len = 0};
	struct otlp_all_series all;
	struct otlp_point p = {.time_ns = SECOND, .value = 1};

	otlp_series_init(&all);
	otlp_series_add(&all, &metric, &none, &p);
	p.time_ns = SECOND + 5;
	otlp_series_add(&all, &metric, &none, &p);
	is_int((long long)all.points, 1, "of a second the last counts");
	p.time_ns = 2 * SECOND;
	otlp_series_add(&all, &metric, &none, &p);
	is_int((long long)all.points, 2, "the next second has its own");
	otlp_series_release(&all);
}

static enum outcome
outcome_of(int status, const char *type, const char *body, size_t len,
    struct otlp_reply *reply)
{
	struct http_answer answer = {.status = status,
	    .type = type,
	    .body = body,
	    .body_len = len,
	    .result = http_status_result(status),
	    .error = status < 300 ? "" : "HTTP error"};

	otlp_reply_read(reply, "http://r:4318/v1/traces", &answer);
	return reply->outcome;
}

static void
test_replies(void)
{
	static const int again[] = {429, 502, 503, 504};
	static const int final[] = {
	    400, 404, 405, 408, 413, 422, 500, 501, 505};
	static const char partial[] = "\x0a\x0c\x08\x03\x12\x08too many";
	const char *protobuf = "application/x-protobuf";
	struct http_answer overlong = {.status = 200,
	    .result = HTTP_REFUSED,
	    .body = "",
	    .error = "longer than 1 MiB"};
	struct otlp_reply r;

	for (size_t i = 0; i < sizeof again / sizeof again[0]; i++)
		is_int(outcome_of(again[i], "", "", 0, &r), OUTCOME_RETRY,
		    "tried again");
	for (size_t i = 0; i < sizeof final / sizeof final[0]; i++) {
		is_int(outcome_of(final[i], "", "", 0, &r), OUTCOME_REJECTED,
		    "final");
		ok(r.took_nothing, "and nothing was taken");
	}
	overlong.type = protobuf;
	otlp_reply_read(&r, "http://r:4318/v1/traces", &overlong);
	is_int(r.outcome, OUTCOME_REJECTED, "an answer that is too long");
	ok(!r.took_nothing, "does not say that nothing was taken");
	is_int(outcome_of(403, "", "", 0, &r), OUTCOME_BLOCKED, "a login");
	is_int(outcome_of(302, "", "", 0, &r), OUTCOME_BLOCKED, "a redirect");
	is_int(outcome_of(200, protobuf, partial, sizeof partial - 1, &r),
	    OUTCOME_DONE, "a part");
	is_int(r.rejected, 3, "how many were refused");
	is_text(r.words, "too many", "and why");
	outcome_of(200, protobuf, partial, 5, &r);
	is_int(r.rejected, 0, "a cut message says nothing");
}

int
main(void)
{
	test_pairs();
	test_names();
	test_series();
	test_replies();
	return done_testing();
}

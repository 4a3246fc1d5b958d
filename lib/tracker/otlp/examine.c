/* Examines what OTLP would do with a run: the address, the protocol, the login,
 * and which signals are taken there. It sends requests with nothing in them. */
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/uri.h"
#include "tracker/examine.h"
#include "tracker/otlp/private.h"

/* A person is waiting; a receiver that needs longer is worth a word. */
#define ANSWER_MS 10000

struct probe {
	struct loop *loop;
	const char *url;
	struct otlp_reply reply;
};

static void
on_done(void *data, const struct http_answer *answer)
{
	struct probe *p = data;

	otlp_reply_read(&p->reply, p->url, answer);
	loop_stop(p->loop);
}

/* Sends an empty request and waits for the answer. */
static void
ask(struct probe *p, struct http *http, const struct otlp_way *way)
{
	const char **headers = calloc(way->header_len + 2, sizeof *headers);
	const struct http_request request = {
	    .method = "POST",
	    .url = way->url,
	    .headers = headers,
	    .timeout_ms = ANSWER_MS,
	    .done = on_done,
	    .data = p,
	};

	if (headers == NULL)
		return;
	headers[0] = "Content-Type: application/x-protobuf";
	for (size_t i = 0; i < way->header_len; i++)
		headers[i + 1] = way->headers[i];
	http_start(http, &request);
	loop_run(p->loop);
	free(headers);
}

static void
say_login(const struct examination *x, const struct otlp_way *way)
{
	if (way->header_len == 0 && way->user == NULL)
		return;
	examine_say(x, VERDICT_GOOD,
	    way->user != NULL ? "login as %s" : "login by %s",
	    way->user != NULL ? way->user
			      : "the headers of OTEL_EXPORTER_OTLP_HEADERS");
	if (uri_is_in_clear(way->url))
		examine_say(x, VERDICT_NOTE,
		    "the login goes there in clear text (plain http)");
}

static void
say_signal(const struct examination *x, const char *name, const struct probe *p)
{
	const struct otlp_reply *r = &p->reply;

	if (r->nowhere)
		examine_say(x, VERDICT_NOTE,
		    "%s: nothing takes %s there (HTTP %d); OTEL_%s_EXPORTER="
		    "none sends none",
		    p->url, name, r->status,
		    strcmp(name, "metrics") == 0      ? "METRICS"
			: strcmp(name, "traces") == 0 ? "TRACES"
						      : "LOGS");
	else if (r->outcome == OUTCOME_DONE ||
	    (r->outcome == OUTCOME_REJECTED && r->status != 0))
		examine_say(x, VERDICT_GOOD, "%s answers", p->url);
	else
		examine_say(x, VERDICT_BAD, "%s", r->err.message);
}

static void
examine_signal(const struct examination *x, enum otlp_signal signal,
    const struct otlp_way *way)
{
	struct http_config config = otlp_way_http(way);
	struct err err = ERR_INIT;
	struct probe p = {.url = way->url};
	struct http *http;

	p.loop = loop_new();
	http = http_new(p.loop, &config, &err);
	if (http == NULL) {
		examine_say(x, VERDICT_BAD, "%s", err.message);
	} else {
		ask(&p, http, way);
		say_signal(x, otlp_signal_name(signal), &p);
	}
	http_free(http);
	loop_free(p.loop);
}

/* Says what is known without a request. Returns whether anything is to be sent. */
static bool
say_settings(const struct examination *x, const struct otlp_config *c)
{
	bool any = false;

	for (size_t i = 0; i < c->note_len; i++)
		examine_say(x, VERDICT_NOTE, "%s", c->notes[i]);
	if (c->disabled) {
		examine_say(x, VERDICT_NOTE,
		    "OTEL_SDK_DISABLED is set: nothing is sent");
		return false;
	}
	for (int i = 0; i < OTLP_SIGNALS; i++)
		any = any || !c->ways[i].off;
	if (!any)
		examine_say(x, VERDICT_BAD,
		    "every signal is off (OTEL_..._EXPORTER=none)");
	return any;
}

static const struct otlp_way *
first_way(const struct otlp_config *c)
{
	for (int i = 0; i < OTLP_SIGNALS; i++)
		if (!c->ways[i].off)
			return &c->ways[i];
	return &c->ways[0];
}

/* gRPC's port takes no HTTP of ours. */
static bool
say_grpc(const struct examination *x, const struct otlp_config *c)
{
	if (!otlp_is_grpc_port(first_way(c)->url))
		return false;
	examine_say(x, VERDICT_BAD,
	    "%s: 4317 is the port for gRPC, which itrack does not speak: use "
	    "4318, the one for HTTP",
	    first_way(c)->url);
	return true;
}

void
otlp_examine(const struct examination *x)
{
	struct otlp_config c = {0};

	otlp_config_load(&c, x->plan);
	if (say_settings(x, &c)) {
		say_grpc(x, &c);
		examine_say(x, VERDICT_GOOD, "OTLP over HTTP, protobuf%s",
		    first_way(&c)->gzip ? ", gzip" : "");
		say_login(x, first_way(&c));
		for (int i = 0; i < OTLP_SIGNALS; i++)
			if (!c.ways[i].off)
				examine_signal(
				    x, (enum otlp_signal)i, &c.ways[i]);
	}
	otlp_config_release(&c);
}

void
otlp_foretell(const struct examination *x)
{
	struct otlp_config c = {0};

	otlp_config_load(&c, x->plan);
	if (c.disabled)
		examine_say(x, VERDICT_NOTE,
		    "OTEL_SDK_DISABLED is set: nothing is sent");
	else if (!say_grpc(x, &c))
		examine_say(
		    x, VERDICT_GOOD, "runs go to %s", first_way(&c)->url);
	otlp_config_release(&c);
}

/* One request to a receiver: its body, its headers, and what its answer means
 * for the run. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "http/gzip.h"
#include "tracker/otlp/private.h"

/* Beside the user's headers stand type and encoding, and a NULL. */
#define HEADERS_OURS 3

void
otlp_calls_init(struct otlp *o)
{
	for (int i = 0; i < LANE_COUNT; i++) {
		o->calls[i].o = o;
		buf_init(&o->calls[i].body, OTLP_BODY_MAX);
		buf_init(&o->calls[i].packed, OTLP_BODY_MAX);
	}
}

void
otlp_calls_release(struct otlp *o)
{
	for (int i = 0; i < LANE_COUNT; i++) {
		if (o->calls[i].http != NULL)
			http_cancel(o->calls[i].http);
		o->calls[i].http = NULL;
		buf_release(&o->calls[i].body);
		buf_release(&o->calls[i].packed);
	}
	for (int i = 0; i < OTLP_SIGNALS; i++) {
		http_free(o->http[i]);
		o->http[i] = NULL;
	}
}

bool
otlp_sends(const struct otlp *o, enum otlp_signal signal)
{
	return !o->config.disabled && !o->config.ways[signal].off &&
	    !o->nowhere[signal];
}

void
otlp_set_place(struct otlp *o)
{
	char *place = otlp_sends(o, OTLP_TRACES) || !otlp_sends(o, OTLP_METRICS)
	    ? xasprintf("%s, trace %s", o->config.ways[OTLP_TRACES].url,
		  o->root.trace_hex)
	    : xstrdup(o->config.ways[OTLP_METRICS].url);

	tracker_set_place(o->tracker, place);
	free(place);
}

struct buf *
otlp_begin(struct otlp *o, enum lane lane, struct otel_frame *frame)
{
	struct buf *body = &o->calls[lane].body;

	buf_reset(body);
	otel_begin(body, frame);
	buf_add(body, o->resource.data, o->resource.len);
	otel_scope(body, frame);
	return body;
}

static void
on_answer(void *data, const struct http_answer *answer)
{
	struct otlp_call *call = data;
	struct otlp *o = call->o;
	struct otlp_reply reply;

	call->http = NULL;
	if (answer->unreachable)
		tracker_away(o->tracker);
	else
		tracker_progress(o->tracker);
	otlp_reply_read(&reply, o->config.ways[call->signal].url, answer);
	if (reply.outcome == OUTCOME_DONE)
		otlp_note_taken(o);
	call->then(o, &reply);
}

static void
start(struct otlp *o, struct otlp_call *call)
{
	const struct otlp_way *way = &o->config.ways[call->signal];
	const char **headers =
	    xcalloc(way->header_len + HEADERS_OURS, sizeof *headers);
	bool packed = way->gzip &&
	    gzip_add(&call->packed, call->body.data, call->body.len) == 0;
	const struct buf *body = packed ? &call->packed : &call->body;
	struct http_request request = {
	    .method = "POST",
	    .url = way->url,
	    .headers = headers,
	    .body = body->data,
	    .body_len = (int64_t)body->len,
	    .timeout_ms =
		way->timeout_ms > 0 ? way->timeout_ms : HTTP_TIMEOUT_MS,
	    .timeout_is_users = way->timeout_ms > 0,
	    .done = on_answer,
	    .data = call,
	};
	size_t n = 0;

	headers[n++] = "Content-Type: application/x-protobuf";
	if (packed)
		headers[n++] = "Content-Encoding: gzip";
	for (size_t i = 0; i < way->header_len; i++)
		headers[n++] = way->headers[i];
	call->http = http_start(o->http[call->signal], &request);
	free(headers);
}

bool
otlp_send(struct otlp *o, enum lane lane, enum otlp_signal signal,
    otlp_then *then, struct err *err)
{
	struct otlp_call *call = &o->calls[lane];
	struct http_config config = otlp_way_http(&o->config.ways[signal]);

	if (o->http[signal] == NULL)
		o->http[signal] = http_new(o->tracker->loop, &config, err);
	if (o->http[signal] == NULL)
		return false;
	call->signal = signal;
	call->then = then;
	buf_reset(&call->packed);
	start(o, call);
	return true;
}

bool
otlp_goes_on_without(
    struct otlp *o, enum otlp_signal signal, const struct otlp_reply *reply)
{
	const char *name = otlp_signal_name(signal);

	if (!o->taken)
		return false;
	o->nowhere[signal] = true;
	otlp_set_place(o);
	tracker_note(o->tracker, "no %s are sent: nothing takes them there: %s",
	    name, reply->err.message);
	return true;
}

void
otlp_note_taken(struct otlp *o)
{
	if (!o->taken)
		tracker_remember_later(o->tracker, OTLP_TAKEN, "yes");
	o->taken = true;
}

void
otlp_note_partial(
    struct otlp *o, const char *what, const struct otlp_reply *reply)
{
	char *item;

	if (reply->rejected == 0 && reply->words[0] != '\0')
		tracker_note(
		    o->tracker, "the receiver warns: %s", reply->words);
	if (reply->rejected == 0)
		return;
	item = xasprintf("%" PRId64 " %s", reply->rejected, what);
	tracker_refused(o->tracker, item,
	    reply->words[0] != '\0' ? reply->words
				    : "the receiver says no more");
	free(item);
}

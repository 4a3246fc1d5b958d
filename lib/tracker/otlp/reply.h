/*
 * What a receiver answers: OTLP's status codes, its partial success, and the
 * words for what went wrong. Pure.
 */
#ifndef TRACKER_OTLP_REPLY_H
#define TRACKER_OTLP_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "http/http.h"
#include "tracker/tracker.h"

struct otlp_reply {
	/* DONE; RETRY; REJECTED: refused for good; BLOCKED: the login, the
	 * certificate, or what answers is no receiver. */
	enum outcome outcome;
	int status;
	/* REJECTED: by a status, so smaller requests double nothing. */
	bool took_nothing;
	/* RETRY: the request itself may be what makes the receiver fail. */
	bool at_fault;
	bool too_large; /* REJECTED: a smaller request may pass */
	bool nowhere;   /* REJECTED: nothing takes this signal there */
	bool too_old;   /* REJECTED: the receiver takes no points of that age */
	/* DONE: so many items were refused for good, and the receiver's words,
	 * which may stand alone as a warning; "" if none. */
	int64_t rejected;
	char words[ERR_MESSAGE_MAX];
	int64_t retry_after_ms;
	struct err err; /* unless DONE */
};

/* `url`: where the request went, for the message. */
void otlp_reply_read(struct otlp_reply *reply, const char *url,
    const struct http_answer *answer);

#endif

/*
 * Calls to a W&B server (GraphQL, the file stream, uploads): limits,
 * headers, and what an answer means. One struct wandb_call is one call at a
 * time; a zeroed one is at rest.
 *
 *	wandb_graphql_begin(&call, &w, "mutation ...");
 *	jsonwrite_key(&w, "name"); ...            the members of "variables"
 *	wandb_graphql_send(&call, &client, done, data);
 *	... done(&call, &reply) from the loop, exactly once ...
 *	wandb_call_release(&call);                cancels what is under way
 */
#ifndef TRACKER_WANDB_CLIENT_H
#define TRACKER_WANDB_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "foreign/json.h"
#include "format/jsonwrite.h"
#include "http/http.h"
#include "tracker/tracker.h"
#include "tracker/wandb/settings.h"

/* The status that asks for smaller requests. */
#define HTTP_TOO_LARGE 413

struct wandb_client {
	struct tracker *t; /* told of progress; set by the user, or NULL */
	struct http *http; /* NULL: closed */
	char *base_url;
	const char *const *headers; /* of the settings; for this server alone */
};

/* -1 and err: libcurl can't be used. The settings must have a key, and outlive the
 * client. */
int wandb_client_open(struct wandb_client *c, struct loop *loop,
    const struct wandb_settings *settings, struct err *err);
void wandb_client_close(struct wandb_client *c);

/* The result of a call. RETRY: not now. REJECTED: this call is refused for
 * good. BLOCKED: the server refuses the key. */
struct wandb_reply {
	enum outcome outcome;
	int status; /* 0: no answer */
	int64_t retry_after_ms;
	bool
	    at_fault; /* RETRY: the request may be what makes the server fail */
	int64_t rest_ms; /* the server's rate limit: no request before */
	/* GraphQL: "data"; for other calls the whole answer; NULL: it is no
	 * JSON. Valid during done(). */
	const cJSON *data;
	struct err err; /* unless DONE */
};

struct wandb_call {
	struct wandb_client *client;
	struct http_call *http; /* NULL: nothing under way */
	struct buf body;
	void (*done)(struct wandb_call *call, const struct wandb_reply *reply);
	void *data;
	bool is_graphql;
	/* is_upload: the call is an upload; with_key: this is its second try,
	 * with credentials. */
	bool is_upload, with_key;
	char *url;
	char **headers;
	int file;
	int64_t size;
};

typedef void wandb_done(
    struct wandb_call *call, const struct wandb_reply *reply);

void wandb_call_release(struct wandb_call *call);
/* Forgets the answer; the call may be used again. */
void wandb_call_cancel(struct wandb_call *call);

/* Empties call->body, for wandb_post and wandb_put. */
void wandb_call_reset(struct wandb_call *call);

/* Opens the object of variables in `w`. The query is a named operation. */
void wandb_graphql_begin(
    struct wandb_call *call, struct jsonwrite *w, const char *query);
/* Closes the object of variables and sends the call. */
void wandb_graphql_send(struct wandb_call *call, struct wandb_client *c,
    struct jsonwrite *w, wandb_done *done, void *data);

/* POSTs call->body, JSON, to `path` below the base URL. */
void wandb_post(struct wandb_call *call, struct wandb_client *c,
    const char *path, wandb_done *done, void *data);

/* Where the server wants a file, and the file. All is borrowed. */
struct wandb_destined {
	const char *url;
	const cJSON *headers; /* an array of "Name:value" */
	int file;             /* negative: call->body is sent */
	int64_t size;         /* of the file */
};

/* PUTs it. No credentials go along, unless the server asks for them and the URL
 * is its own. */
void wandb_put(struct wandb_call *call, struct wandb_client *c,
    const struct wandb_destined *what, wandb_done *done, void *data);

#endif

#include "tracker/wandb/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/die.h"
#include "base/uri.h"
#include "tracker/common/alone.h"

/* The rows of a request stay below 10 MiB; a config may be as long. */
#define BODY_MAX (64 * 1024 * 1024)
/* A server that is restarted answers within that. */
#define CALL_TIMEOUT_MS 30000
/* Headers of an upload; the SDK sees one or two. */
#define UPLOAD_HEADERS_MAX 32

#define TYPE "Content-Type:"

#define PAGE                                                                  \
	"a web page answers, not W&B: a login page or a proxy stands before " \
	"the server"

#define HTTP_CONFLICT     409
#define HTTP_UNAUTHORIZED 401
#define HTTP_FORBIDDEN    403
#define HTTP_NOT_FOUND    404

int
wandb_client_open(struct wandb_client *c, struct loop *loop,
    const struct wandb_settings *settings, struct err *err)
{
	struct http_config config = {
	    .user = "api",
	    .password = settings->key,
	    .insecure = settings->insecure,
	    .http_proxy = settings->http_proxy,
	    .https_proxy = settings->https_proxy,
	};

	c->headers = (const char *const *)settings->headers;
	c->http = http_new(loop, &config, err);
	c->base_url = xstrdup(settings->base_url);
	return c->http != NULL ? 0 : -1;
}

void
wandb_client_close(struct wandb_client *c)
{
	if (c->http != NULL)
		http_free(c->http);
	free(c->base_url);
	*c = (struct wandb_client){0};
}

static void
free_upload(struct wandb_call *call)
{
	size_t i;

	for (i = 0; call->headers != NULL && call->headers[i] != NULL; i++)
		free(call->headers[i]);
	free(call->headers);
	free(call->url);
	call->headers = NULL;
	call->url = NULL;
}

void
wandb_call_cancel(struct wandb_call *call)
{
	if (call->http != NULL)
		http_cancel(call->http);
	call->http = NULL;
}

void
wandb_call_release(struct wandb_call *call)
{
	wandb_call_cancel(call);
	free_upload(call);
	if (call->body.max > 0)
		buf_release(&call->body);
	*call = (struct wandb_call){0};
}

/* A 200 whose "errors" has something in it is a failure. */
static void
read_graphql(struct wandb_reply *reply, const cJSON *answer)
{
	const cJSON *errors = json_at(answer, "errors");
	const char *message;

	reply->data = json_at(answer, "data");
	if (cJSON_GetArraySize(errors) > 0 || cJSON_IsString(errors)) {
		message = json_at_text(errors, "0.message");
		reply->outcome = OUTCOME_REJECTED;
		err_set(&reply->err, -EPROTO, "W&B says: %s",
		    message != NULL ? message : "an error without a message");
	} else if (!cJSON_IsObject(reply->data) && !cJSON_IsNull(reply->data)) {
		reply->outcome = OUTCOME_RETRY;
		err_set(&reply->err, -EPROTO, "W&B's answer has no data");
	}
}

/* Sets *doc to the document that holds reply->data. */
static void
read_answer(const struct wandb_call *call, const struct http_answer *answer,
    struct wandb_reply *reply, cJSON **doc)
{
	struct err why = ERR_INIT;
	const char *text;

	json_document(answer->body, answer->body_len, doc, &why);
	if (answer->result != HTTP_OK || http_is_page(answer)) {
		text = json_at_text(*doc, "error");
		/* A proxy's page for an error says no more than its status. */
		if (text == NULL && http_is_page(answer) &&
		    answer->status < HTTP_NOT_FOUND)
			text = PAGE;
		if (answer->result == HTTP_OK)
			reply->outcome = OUTCOME_RETRY;
		err_set(&reply->err, -EPROTO, "W&B: %s%s%s",
		    answer->result == HTTP_OK ? "no answer" : answer->error,
		    text != NULL ? ": " : "", text != NULL ? text : "");
		return;
	}
	reply->data = *doc;
	if (call->is_graphql) {
		read_graphql(reply, *doc);
	} else if (!call->is_upload && *doc == NULL && answer->body_len > 0) {
		/* A portal between us and W&B answers everything with 200. */
		reply->outcome = OUTCOME_RETRY;
		err_set(&reply->err, -EPROTO, "the answer is not W&B's: %s",
		    why.message);
	}
}

static enum outcome
outcome_of(const struct wandb_call *call, const struct http_answer *answer)
{
	/* Another process writes the same run record at this moment: try
	 * again. */
	if (call->is_graphql && answer->status == HTTP_CONFLICT)
		return OUTCOME_RETRY;
	/* A signed URL says nothing about our key. */
	if (call->is_upload && answer->result == HTTP_DENIED)
		return OUTCOME_REJECTED;
	switch (answer->result) {
	case HTTP_OK:
		return OUTCOME_DONE;
	case HTTP_LATER:
		return OUTCOME_RETRY;
	case HTTP_REFUSED:
		return OUTCOME_REJECTED;
	default:
		return OUTCOME_BLOCKED;
	}
}

static void
say_progress(const struct wandb_call *call)
{
	if (call->client->t != NULL)
		tracker_progress(call->client->t);
}

static void start_put(struct wandb_call *call);

static void
on_answer(void *data, const struct http_answer *answer)
{
	struct wandb_call *call = data;
	struct wandb_reply reply = {.status = answer->status,
	    .rest_ms = answer->rest_ms,
	    .retry_after_ms = answer->retry_after_ms};
	cJSON *doc;

	call->http = NULL;
	if (call->is_upload && !call->with_key &&
	    (answer->status == HTTP_UNAUTHORIZED ||
		answer->status == HTTP_FORBIDDEN) &&
	    http_same_origin(call->client->base_url, call->url)) {
		call->with_key = true;
		start_put(call);
		return;
	}
	if (!answer->unreachable)
		say_progress(call);
	else if (call->client->t != NULL)
		tracker_away(call->client->t);
	reply.outcome = outcome_of(call, answer);
	read_answer(call, answer, &reply, &doc);
	/* An answer that was cut is none. */
	reply.at_fault = reply.outcome == OUTCOME_RETRY &&
	    alone_may_fail(answer->result == HTTP_LATER && answer->status < 300
		    ? 0
		    : answer->status,
		answer->ambiguous, answer->retry_after_ms);
	call->done(call, &reply);
	cJSON_Delete(doc);
}

static void
prepare(struct wandb_call *call, struct wandb_client *c, wandb_done *done,
    void *data)
{
	call->client = c;
	call->done = done;
	call->data = data;
	call->is_graphql = call->is_upload = call->with_key = false;
}

void
wandb_call_reset(struct wandb_call *call)
{
	if (call->body.max == 0)
		buf_init(&call->body, BODY_MAX);
	buf_reset(&call->body);
}

/* Both lists in one, with `over` behind, so that it counts where curl sees a name
 * twice. Borrows the texts. */
static const char **
join_headers(const char *const *list, const char *const *over)
{
	const char **all;
	size_t n = 0, len = 1;

	for (size_t i = 0; list[i] != NULL; i++)
		len++;
	for (size_t i = 0; over != NULL && over[i] != NULL; i++)
		len++;
	all = xcalloc(len, sizeof(*all));
	for (size_t i = 0; list[i] != NULL; i++)
		all[n++] = list[i];
	for (size_t i = 0; over != NULL && over[i] != NULL; i++)
		all[n++] = over[i];
	return all;
}

void
wandb_post(struct wandb_call *call, struct wandb_client *c, const char *path,
    wandb_done *done, void *data)
{
	static const char *const json[] = {
	    "Content-Type: application/json", NULL};
	char *url = xasprintf("%s%s", c->base_url, path);
	const char **headers = join_headers(json, c->headers);
	struct http_request request = {.method = "POST",
	    .url = url,
	    .headers = headers,
	    .body = call->body.data,
	    .body_len = (int64_t)call->body.len,
	    .timeout_ms = CALL_TIMEOUT_MS,
	    .done = on_answer,
	    .data = call};

	prepare(call, c, done, data);
	call->http = http_start(c->http, &request);
	free(headers);
	free(url);
}

/* Behind "mutation " or "query ". */
static void
put_operation_name(struct jsonwrite *w, const char *query)
{
	const char *begin = query + strcspn(query, " ") + 1;
	char *name = xstrndup(begin, strcspn(begin, "({"));

	jsonwrite_text_member(w, "operationName", name);
	free(name);
}

void
wandb_graphql_begin(
    struct wandb_call *call, struct jsonwrite *w, const char *query)
{
	wandb_call_reset(call);
	jsonwrite_init(w, &call->body, JSONWRITE_COMPACT);
	jsonwrite_open(w, '{');
	jsonwrite_text_member(w, "query", query);
	put_operation_name(w, query);
	jsonwrite_open_member(w, "variables", '{');
}

void
wandb_graphql_send(struct wandb_call *call, struct wandb_client *c,
    struct jsonwrite *w, wandb_done *done, void *data)
{
	jsonwrite_close(w, '}');
	jsonwrite_close(w, '}');
	wandb_post(call, c, "/graphql", done, data);
	call->is_graphql = true;
}

static void
on_moved(void *data)
{
	say_progress(data);
}

static void
start_put(struct wandb_call *call)
{
	const struct wandb_client *c = call->client;
	bool own = http_same_origin(c->base_url, call->url);
	const char **headers = join_headers(
	    (const char *const *)call->headers, own ? c->headers : NULL);
	struct http_request request = {.method = "PUT",
	    .url = call->url,
	    .given_by = c->base_url,
	    .headers = headers,
	    .body_len = call->size,
	    .no_credentials = !call->with_key,
	    .done = on_answer,
	    .moved = on_moved,
	    .data = call};

	if (call->file >= 0) {
		request.from_file = true;
		request.file = call->file;
	} else {
		request.body = call->body.data;
	}
	call->http = http_start(c->http, &request);
	free(headers);
}

/* "Name:value" -> "Name: value"; what has a line end in it is left out. */
static char *
header_of(const cJSON *item)
{
	const char *text = cJSON_GetStringValue(item);
	const char *colon = text != NULL ? strchr(text, ':') : NULL;

	if (colon == NULL || strpbrk(text, "\r\n") != NULL)
		return NULL;
	return xasprintf("%.*s: %s", (int)(colon - text), text,
	    colon + 1 + strspn(colon + 1, " "));
}

/* A signature may count a Content-Type in: it is what the server says, else
 * there is none (not curl's own). */
static char **
read_headers(const cJSON *array)
{
	char **headers = xcalloc(UPLOAD_HEADERS_MAX + 2, sizeof(*headers));
	const cJSON *item;
	bool has_type = false;
	size_t n = 0;

	cJSON_ArrayForEach (item, array) {
		headers[n] = n < UPLOAD_HEADERS_MAX ? header_of(item) : NULL;
		if (headers[n] == NULL)
			continue;
		if (strncasecmp(headers[n], TYPE, strlen(TYPE)) == 0)
			has_type = true;
		n++;
	}
	if (!has_type)
		headers[n] = xstrdup(TYPE);
	return headers;
}

void
wandb_put(struct wandb_call *call, struct wandb_client *c,
    const struct wandb_destined *what, wandb_done *done, void *data)
{
	struct uri server;

	free_upload(call);
	prepare(call, c, done, data);
	call->is_upload = true;
	/* A server may name places of its own without its name. */
	uri_split(c->base_url, &server);
	call->url = what->url[0] == '/'
	    ? xasprintf("%.*s://%.*s%s", (int)server.scheme.len,
		  server.scheme.start, (int)server.authority.len,
		  server.authority.start, what->url)
	    : xstrdup(what->url);
	call->headers = read_headers(what->headers);
	call->file = what->file;
	call->size = what->file >= 0 ? what->size : (int64_t)call->body.len;
	start_put(call);
}

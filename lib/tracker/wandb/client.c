#include "tracker/wandb/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/die.h"

/* The rows of a request stay below 10 MiB; a config may be as long. */
#define BODY_MAX (64 * 1024 * 1024)
/* A server that is restarted answers within that. */
#define CALL_TIMEOUT_MS 30000
/* Headers of an upload; the SDK sees one or two. */
#define UPLOAD_HEADERS_MAX 32

#define TYPE "Content-Type:"

#define HTTP_CONFLICT     409
#define HTTP_UNAUTHORIZED 401
#define HTTP_FORBIDDEN    403

int
wandb_client_open(struct wandb_client *c, struct loop *loop,
    const struct wandb_settings *settings, struct err *err)
{
	struct http_config config = {.user = "api", .password = settings->key};

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

struct json_span
wandb_member(const struct json_span *object, const char *first, ...)
{
	struct json_span span = *object;
	const char *name;
	va_list ap;

	va_start(ap, first);
	for (name = first; name != NULL; name = va_arg(ap, const char *))
		span = json_member(&span, name);
	va_end(ap);
	return span;
}

/* The first message of a GraphQL answer's "errors". */
static void
say_error(struct err *err, const struct json_span *errors)
{
	struct json_span message;
	struct jsonscan s;
	char *text = NULL;

	if (errors->type == JSON_ARRAY) {
		jsonscan_init_span(&s, errors);
		jsonscan_enter(&s, '[');
		if (jsonscan_element(&s) > 0 &&
		    jsonscan_value(&s, &message) == 0) {
			message = json_member(&message, "message");
			text = json_text_new(&message);
		}
	}
	err_set(err, -EPROTO, "W&B says: %s",
	    text != NULL ? text : "an error without a message");
	free(text);
}

/* A 200 whose "errors" has something in it is a failure. */
static void
read_graphql(struct wandb_reply *reply, const struct json_span *answer)
{
	struct json_span errors = json_member(answer, "errors");

	reply->data = json_member(answer, "data");
	if (json_truth(&errors)) {
		reply->outcome = OUTCOME_REJECTED;
		say_error(&reply->err, &errors);
	} else if (reply->data.type != JSON_OBJECT &&
	    reply->data.type != JSON_NULL) {
		reply->outcome = OUTCOME_RETRY;
		err_set(&reply->err, -EPROTO, "W&B's answer has no data");
	}
}

static void
read_answer(const struct wandb_call *call, const struct http_answer *answer,
    struct wandb_reply *reply)
{
	struct json_span json = {0}, error;
	struct jsonscan s;
	char *text;

	jsonscan_init(&s, answer->body, answer->body_len);
	if (jsonscan_value(&s, &json) < 0 || jsonscan_end(&s) < 0)
		json = (struct json_span){0};
	if (answer->result != HTTP_OK) {
		error = json_member(&json, "error");
		text = json_text_new(&error);
		err_set(&reply->err, -EPROTO, "W&B: %s%s%s", answer->error,
		    text != NULL ? ": " : "", text != NULL ? text : "");
		free(text);
		return;
	}
	reply->data = json;
	if (call->is_graphql) {
		read_graphql(reply, &json);
	} else if (!call->is_upload && json.type == JSON_NONE &&
	    answer->body_len > 0) {
		/* A portal between us and W&B says 200 to everything. */
		reply->outcome = OUTCOME_RETRY;
		err_set(
		    &reply->err, -EPROTO, "the answer is not W&B's (no JSON)");
	}
}

static enum outcome
outcome_of(const struct wandb_call *call, const struct http_answer *answer)
{
	/* Another writer of the same run record: it passes. */
	if (call->is_graphql && answer->status == HTTP_CONFLICT)
		return OUTCOME_RETRY;
	/* A signed URL is no judge of our key. */
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

/* How much of the base URL is scheme, host and port. */
static size_t
origin_length(const char *base)
{
	const char *scheme = strstr(base, "://");
	size_t len = scheme != NULL ? (size_t)(scheme - base) + 3 : 0;

	return len + strcspn(base + len, "/?#");
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

	call->http = NULL;
	if (call->is_upload && !call->with_key &&
	    (answer->status == HTTP_UNAUTHORIZED ||
		answer->status == HTTP_FORBIDDEN) &&
	    http_same_origin(call->client->base_url, call->url)) {
		call->with_key = true;
		start_put(call);
		return;
	}
	say_progress(call);
	reply.outcome = outcome_of(call, answer);
	read_answer(call, answer, &reply);
	call->done(call, &reply);
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

void
wandb_post(struct wandb_call *call, struct wandb_client *c, const char *path,
    wandb_done *done, void *data)
{
	static const char *const headers[] = {
	    "Content-Type: application/json", NULL};
	char *url = xasprintf("%s%s", c->base_url, path);
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
	free(url);
}

/* Behind "mutation " or "query ". */
static void
put_operation_name(struct jsonwrite *w, const char *query)
{
	const char *begin = query + strcspn(query, " ") + 1;
	char *name = xstrndup(begin, strcspn(begin, "({"));

	jsonwrite_key(w, "operationName");
	jsonwrite_text(w, name);
	free(name);
}

void
wandb_graphql_begin(
    struct wandb_call *call, struct jsonwrite *w, const char *query)
{
	wandb_call_reset(call);
	jsonwrite_init(w, &call->body, JSONWRITE_COMPACT);
	jsonwrite_open(w, '{');
	jsonwrite_key(w, "query");
	jsonwrite_text(w, query);
	put_operation_name(w, query);
	jsonwrite_key(w, "variables");
	jsonwrite_open(w, '{');
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
	struct http_request request = {.method = "PUT",
	    .url = call->url,
	    .given_by = call->client->base_url,
	    .headers = (const char *const *)call->headers,
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
	call->http = http_start(call->client->http, &request);
}

/* "Name:value" -> "Name: value"; what has a line end in it is left out. */
static char *
header_of(const struct json_span *span)
{
	char *text = json_text_new(span), *colon, *header = NULL;

	colon = text != NULL ? strchr(text, ':') : NULL;
	if (colon != NULL && strpbrk(text, "\r\n") == NULL) {
		*colon++ = '\0';
		colon += strspn(colon, " ");
		header = xasprintf("%s: %s", text, colon);
	}
	free(text);
	return header;
}

/* A signature may count a Content-Type in: it is what the server says, else
 * there is none (not curl's own). */
static char **
read_headers(const struct json_span *array)
{
	char **headers = xcalloc(UPLOAD_HEADERS_MAX + 2, sizeof(*headers));
	struct json_span value;
	struct jsonscan s;
	bool has_type = false;
	size_t n = 0;

	if (array->type == JSON_ARRAY) {
		jsonscan_init_span(&s, array);
		jsonscan_enter(&s, '[');
		while (n < UPLOAD_HEADERS_MAX && jsonscan_element(&s) > 0 &&
		    jsonscan_value(&s, &value) == 0) {
			headers[n] = header_of(&value);
			if (headers[n] == NULL)
				continue;
			if (strncasecmp(headers[n], TYPE, strlen(TYPE)) == 0)
				has_type = true;
			n++;
		}
	}
	if (!has_type)
		headers[n] = xstrdup(TYPE);
	return headers;
}

void
wandb_put(struct wandb_call *call, struct wandb_client *c, const char *url,
    const struct json_span *upload_headers, int file, int64_t size,
    wandb_done *done, void *data)
{
	free_upload(call);
	prepare(call, c, done, data);
	call->is_upload = true;
	/* A server may name places of its own without its name. */
	call->url = url[0] == '/'
	    ? xasprintf(
		  "%.*s%s", (int)origin_length(c->base_url), c->base_url, url)
	    : xstrdup(url);
	call->headers = read_headers(upload_headers);
	call->file = file;
	call->size = file >= 0 ? size : (int64_t)call->body.len;
	start_put(call);
}

/* One request to an MLflow server, and what its answer means: the status first,
 * the body second, because many failures have no JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "tracker/mlflow/limits.h"
#include "tracker/mlflow/private.h"

/* So much of a server's message fits into a line of ours. */
#define MESSAGE_SHOWN 300
/* MLflow's own limit for a run's ID. */
#define ID_CHARACTERS_MAX 256
#define API               "/api/2.0/mlflow/"
#define TRACES_API        "/v1/traces"
#define TRACE_API         "/api/3.0/mlflow/traces"
#define NOT_FOUND         404
#define NO_METHOD         405
/* MLflow's status for whatever goes wrong while it stores spans, also for a moment
 * of its database. */
#define FAILED     422
#define NO_FEATURE 501
/* A request's headers: one that names a workspace, and NULL. */
#define HEADERS_MAX 8

static const struct {
	const char *text;
	const char *advice;
	enum outcome outcome;
} known_messages[] = {
    {"must be in the 'active' state",
	"the run or its experiment was deleted there: restore it (mlflow "
	"runs restore, mlflow experiments restore), or track anew with "
	"--again",
	OUTCOME_BLOCKED},
    {"Changing param values is not allowed", "a param keeps its first value",
	OUTCOME_REJECTED},
    {"Artifact serving is disabled",
	"the server does not take files: restart it without "
	"--no-serve-artifacts, or upload them with MLflow's own client",
	OUTCOME_REJECTED},
    /* SQLAlchemy writes this when too many requests want the server's database. */
    {"QueuePool limit",
	"the server has more requests than connections to its database",
	OUTCOME_RETRY},
    {"FEATURE_DISABLED",
	"unset MLFLOW_WORKSPACE: this server has no workspaces",
	OUTCOME_BLOCKED},
};

static void
say(struct mlflow_answer *a, enum outcome outcome, const char *base,
    const char *what, const char *advice)
{
	a->outcome = outcome;
	err_set(&a->err, -EIO, "%s: %s%s%s", base, what,
	    advice[0] != '\0' ? ": " : "", advice);
}

static bool
says(const struct http_answer *http, const char *text)
{
	return http->body_len > 0 &&
	    memmem(http->body, http->body_len, text, strlen(text)) != NULL;
}

static void
classify_denied(
    const char *base, const struct http_answer *http, struct mlflow_answer *a)
{
	if (http->status == 401)
		say(a, OUTCOME_BLOCKED, base, "the login is refused (HTTP 401)",
		    "set MLFLOW_TRACKING_USERNAME and "
		    "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN");
	else if (says(http, "Invalid Host header"))
		say(a, OUTCOME_BLOCKED, base,
		    "the server refuses this host name (HTTP 403)",
		    "start it with --allowed-hosts and exactly this host:port");
	else if (http->status == 403)
		say(a, OUTCOME_BLOCKED, base, "permission denied (HTTP 403)",
		    "this user may not write there");
	else
		say(a, OUTCOME_BLOCKED, base, http->error, "");
}

/* Reads "error_code" and "message", cut to fit a line. */
static void
say_message(const char *base, enum outcome outcome,
    const struct http_answer *http, struct mlflow_answer *a)
{
	const char *message = json_at_text(a->doc, "message");
	char *what;

	if (message != NULL)
		what = xasprintf("%s: %.*s", a->code, MESSAGE_SHOWN, message);
	else
		what = xstrdup(http->error);
	say(a, outcome, base, what, "");
	free(what);
}

static bool
classify_known(
    const char *base, const struct http_answer *http, struct mlflow_answer *a)
{
	for (size_t i = 0; i < sizeof known_messages / sizeof known_messages[0];
	     i++)
		if (says(http, known_messages[i].text)) {
			say(a, known_messages[i].outcome, base, http->error,
			    known_messages[i].advice);
			return true;
		}
	return false;
}

static void
classify_failure(
    const char *base, const struct http_answer *http, struct mlflow_answer *a)
{
	const char *code = json_at_text(a->doc, "error_code");

	snprintf(a->code, sizeof a->code, "%s", code != NULL ? code : "");
	if (http->result == HTTP_DENIED)
		classify_denied(base, http, a);
	else if (classify_known(base, http, a))
		return;
	else if (http->may_want_certificate)
		say(a, OUTCOME_RETRY, base, http->error,
		    "set MLFLOW_TRACKING_CLIENT_CERT_PATH");
	else if (http->result == HTTP_LATER)
		say_message(base, OUTCOME_RETRY, http, a);
	else if (http->status == 404 && a->code[0] == '\0')
		say(a, OUTCOME_BLOCKED, base,
		    "no MLflow server answers there (HTTP 404)",
		    "check the address and its path prefix");
	else
		say_message(base, OUTCOME_REJECTED, http, a);
}

/* A page with status 200 (a login, a proxy's notice) does not come from MLflow,
 * so the request was not carried out. An answer that ends within its headers
 * looks like an empty one. */
void
mlflow_classify(const char *base, const struct http_answer *http,
    bool wants_json, struct mlflow_answer *a)
{
	struct err why = ERR_INIT;

	*a = (struct mlflow_answer){
	    .outcome = OUTCOME_DONE,
	    .status = http->status,
	    .ambiguous = http->ambiguous,
	    .retry_after_ms = http->retry_after_ms,
	};
	json_document(http->body, http->body_len, &a->doc, &why);
	if (http->result != HTTP_OK)
		classify_failure(base, http, a);
	else if (http_is_page(http))
		say(a, OUTCOME_BLOCKED, base,
		    "what answers there is no MLflow server, but a web page",
		    "a login page or a proxy stands before the server");
	else if (wants_json && !cJSON_IsObject(a->doc) &&
	    (http->body_len == 0 || http->body[0] == '{')) {
		say(a, OUTCOME_RETRY, base,
		    "the answer was cut or can't be read", why.message);
		a->ambiguous = true;
	} else if (wants_json && !cJSON_IsObject(a->doc))
		say(a, OUTCOME_BLOCKED, base,
		    "what answers there is no MLflow server",
		    "check the address");
}

bool
mlflow_has_no_such_call(const struct mlflow_answer *a)
{
	return a->status == NO_FEATURE || a->status == NO_METHOD ||
	    (a->status == NOT_FOUND &&
		strcmp(a->code, "RESOURCE_DOES_NOT_EXIST") != 0);
}

char *
mlflow_id(const cJSON *doc, const char *path)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	const char *id = json_at_text(doc, path);
	size_t len = id != NULL ? strlen(id) : 0;

	if (len > 0 && len <= ID_CHARACTERS_MAX && strspn(id, allowed) == len)
		return xstrdup(id);
	return NULL;
}

static void
on_done(void *data, const struct http_answer *http)
{
	struct mlflow_call *call = data;
	struct mlflow_answer answer;

	call->http = NULL;
	if (http->unreachable)
		tracker_away(call->m->tracker);
	else
		tracker_progress(call->m->tracker);
	mlflow_classify(call->m->config.base, http, call->wants_json, &answer);
	call->then(call->m, &answer);
	cJSON_Delete(answer.doc);
}

static void
on_moved(void *data)
{
	struct mlflow_call *call = data;

	tracker_progress(call->m->tracker);
}

static void
start(struct mlflow_call *call, struct http_request *request, mlflow_then *then)
{
	struct mlflow *m = call->m;
	const char *headers[HEADERS_MAX] = {NULL};
	const char *const *given = request->headers;
	char *workspace = NULL;
	size_t n = 0;

	for (; given != NULL && given[n] != NULL; n++)
		headers[n] = given[n];
	if (!request->from_file && n == 0)
		headers[n++] = "Content-Type: application/json";
	if (m->config.workspace != NULL) {
		workspace =
		    xasprintf("X-MLFLOW-WORKSPACE: %s", m->config.workspace);
		headers[n++] = workspace;
	}
	request->headers = headers;
	request->done = on_done;
	request->moved = on_moved;
	request->data = call;
	call->then = then;
	call->http = http_start(m->shared->http, request);
	free(workspace);
}

static void
start_json(struct mlflow_call *call, const char *method, const char *path,
    bool once, mlflow_then *then)
{
	const struct mlflow *m = call->m;
	char *url = xasprintf("%s" API "%s", m->config.base, path);
	struct http_request request = {
	    .method = method,
	    .url = url,
	    .close_plain = true,
	    .once = once,
	    .timeout_ms = m->config.timeout_ms,
	    .timeout_is_users = m->config.timeout_is_users,
	};

	if (strcmp(method, "GET") != 0) {
		request.body = call->body.data;
		request.body_len = (int64_t)call->body.len;
	}
	call->wants_json = true;
	start(call, &request, then);
	free(url);
}

void
mlflow_get(struct mlflow *m, const char *path, mlflow_then *then)
{
	start_json(&m->calls[LANE_METRICS], "GET", path, false, then);
}

void
mlflow_post(struct mlflow *m, const char *path, mlflow_then *then)
{
	start_json(&m->calls[LANE_METRICS], "POST", path, false, then);
}

void
mlflow_patch(struct mlflow *m, const char *path, mlflow_then *then)
{
	start_json(&m->calls[LANE_METRICS], "PATCH", path, false, then);
}

void
mlflow_post_once(struct mlflow *m, const char *path, mlflow_then *then)
{
	start_json(&m->calls[LANE_METRICS], "POST", path, true, then);
}

void
mlflow_files_get(struct mlflow *m, const char *path, mlflow_then *then)
{
	start_json(&m->calls[LANE_FILES], "GET", path, false, then);
}

void
mlflow_files_post(struct mlflow *m, const char *path, mlflow_then *then)
{
	start_json(&m->calls[LANE_FILES], "POST", path, false, then);
}

void
mlflow_send_file(struct mlflow *m, const char *method, const char *url,
    int64_t size, mlflow_then *then)
{
	struct http_request request = {
	    .method = method,
	    .url = url,
	    .from_file = true,
	    .file = m->file,
	    .body_len = size,
	};

	m->calls[LANE_FILES].wants_json = false;
	start(&m->calls[LANE_FILES], &request, then);
}

/* The address is below the server's root; the headers may be NULL. */
static void
start_record(struct mlflow *m, const char *path, const struct buf *body,
    const char *const *headers, mlflow_then *then)
{
	char *url = xasprintf("%s%s", m->config.base, path);
	struct http_request request = {
	    .method = "POST",
	    .url = url,
	    .headers = headers,
	    .body = body->data,
	    .body_len = (int64_t)body->len,
	    .close_plain = true,
	    .timeout_ms = m->config.timeout_ms,
	    .timeout_is_users = m->config.timeout_is_users,
	};

	m->calls[LANE_RECORDS].wants_json = headers == NULL;
	start(&m->calls[LANE_RECORDS], &request, then);
	free(url);
}

void
mlflow_post_spans(struct mlflow *m, const struct buf *packed,
    const char *run_id, mlflow_then *then)
{
	char *experiment =
	    xasprintf("x-mlflow-experiment-id: %s", m->experiment_id);
	char *run = xasprintf("x-mlflow-run-id: %s", run_id);
	const char *const headers[] = {"Content-Type: application/x-protobuf",
	    experiment, run, m->records.plain ? NULL : "Content-Encoding: gzip",
	    NULL};

	start_record(m, TRACES_API, packed, headers, then);
	free(experiment);
	free(run);
}

void
mlflow_post_trace(struct mlflow *m, const struct buf *json, mlflow_then *then)
{
	start_record(m, TRACE_API, json, NULL, then);
}

void
mlflow_records_tag(struct mlflow *m, mlflow_then *then)
{
	start_json(
	    &m->calls[LANE_RECORDS], "POST", "runs/set-tag", false, then);
}

void
mlflow_records_file(struct mlflow *m, const char *method, const char *url,
    int file, int64_t size, mlflow_then *then)
{
	struct http_request request = {
	    .method = method,
	    .url = url,
	    .from_file = true,
	    .file = file,
	    .body_len = size,
	};

	m->calls[LANE_RECORDS].wants_json = false;
	start(&m->calls[LANE_RECORDS], &request, then);
}

struct jsonwrite
mlflow_begin_body(struct buf *body)
{
	struct jsonwrite w;

	buf_reset(body);
	jsonwrite_init(&w, body, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	return w;
}

void
mlflow_calls_init(struct mlflow *m)
{
	for (int i = 0; i < LANE_COUNT; i++) {
		m->calls[i].m = m;
		buf_init(&m->calls[i].body, MLFLOW_BODY_BUFFER);
	}
}

void
mlflow_calls_release(struct mlflow *m)
{
	for (int i = 0; i < LANE_COUNT; i++) {
		http_cancel(m->calls[i].http);
		m->calls[i].http = NULL;
		buf_release(&m->calls[i].body);
	}
}

bool
mlflow_is_at_fault(const struct mlflow_answer *a)
{
	if (a->outcome == OUTCOME_REJECTED && a->status == FAILED)
		return true;
	return a->outcome == OUTCOME_RETRY &&
	    alone_may_fail(a->status, a->ambiguous, a->retry_after_ms);
}

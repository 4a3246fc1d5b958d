/* One request: its options for curl (credentials, TLS, body), and what comes
 * back. */
#include "http/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/environment.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"

/* Room for a number or a date. */
#define HEADER_VALUE_SIZE 64

#define USER_AGENT "itrack/" ITRACK_VERSION
static size_t
take_answer(char *bytes, size_t size, size_t count, void *data)
{
	struct http_call *call = data;

	if (buf_add(&call->answer, bytes, size * count) < 0) {
		call->too_long = true;
		return 0;
	}
	return size * count;
}

/* If the line is the header `name` (with its colon), gives its value without
 * the blanks around it. */
static bool
is_header(const char *line, size_t len, const char *name,
    char value[HEADER_VALUE_SIZE])
{
	size_t name_len = strlen(name);

	if (len <= name_len || strncasecmp(line, name, name_len) != 0)
		return false;
	line += name_len;
	len -= name_len;
	while (len > 0 && strchr(" \t", line[0]) != NULL) {
		line++;
		len--;
	}
	while (len > 0 && strchr(" \t\r\n", line[len - 1]) != NULL)
		len--;
	if (len == 0 || len >= HEADER_VALUE_SIZE)
		return false;
	memcpy(value, line, len);
	value[len] = '\0';
	return true;
}

/* Redirects have headers of their own; those of the last answer count. */
static size_t
take_header(char *bytes, size_t size, size_t count, void *data)
{
	struct http_call *call = data;
	size_t len = size * count;
	char value[HEADER_VALUE_SIZE];

	if (len >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
		call->retry_after_ms = call->limit_reset_ms = 0;
		call->limit_reached = false;
	}
	if (is_header(bytes, len, "retry-after:", value))
		call->retry_after_ms =
		    http_retry_after_ms(value, clock_wall_us() / 1000000);
	else if (is_header(bytes, len, "ratelimit-remaining:", value))
		call->limit_reached = strcmp(value, "0") == 0;
	else if (is_header(bytes, len, "ratelimit-reset:", value))
		call->limit_reset_ms = http_retry_after_ms(value, 0);
	return len;
}

/* A file that shrinks while it is sent can't keep the promised length; one that
 * can't be read now may be read later. */
static size_t
give_file(char *bytes, size_t size, size_t count, void *data)
{
	struct http_call *call = data;
	int64_t left = call->request.body_len - call->sent;
	size_t want = size * count;
	ssize_t n;

	if (left <= 0)
		return 0;
	if ((int64_t)want > left)
		want = (size_t)left;
	do
		n = pread(call->request.file, bytes, want,
		    call->request.file_offset + call->sent);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		call->file_is_shorter = n == 0;
		call->file_error = n < 0 ? errno : 0;
		return CURL_READFUNC_ABORT;
	}
	call->sent += n;
	if (call->request.moved != NULL)
		call->request.moved(call->request.data);
	return (size_t)n;
}

static int
seek_file(void *data, curl_off_t offset, int origin)
{
	struct http_call *call = data;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	call->sent = offset;
	return CURL_SEEKFUNC_OK;
}

void
http_call_free(struct http_call *call)
{
	struct http *h = call->http;

	loop_timer_cancel(h->loop, &call->pace);
	loop_timer_cancel(h->loop, &call->limit);
	http_gate_leave(call);
	curl_multi_remove_handle(h->multi, call->easy);
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	free(call->method);
	free(call->own);
	free(call->url);
	buf_release(&call->answer);
	TAILQ_REMOVE(&h->calls, call, link);
	free(call);
}

/* Logs the request for -v. The query is left out, because it may hold a
 * signature. */
static void
log_answer(const struct http_call *call, const struct http_answer *a)
{
	const char *url = "", *method = "", *host;
	CURL *easy = call->easy;
	curl_off_t took_us = 0;
	size_t shown;

	if (!log_is_verbose())
		return;
	curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
	curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_METHOD, &method);
	curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &took_us);
	host = call->request.secret_path ? strstr(url, "://") : NULL;
	shown = host != NULL
	    ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#")
	    : strcspn(url, "?#");
	log_verbose("%s %.*s: %s, %jd ms", method, (int)shown, url,
	    a->result == HTTP_OK ? "OK" : a->error, (intmax_t)(took_us / 1000));
}

static void
end(struct http_call *call, CURLcode code)
{
	struct http_answer answer;

	http_answer_fill(call, code, &answer);
	log_answer(call, &answer);
	http_gate_leave(call);
	call->request.done(call->request.data, &answer);
	http_call_free(call);
}

void
http_call_end(struct http_call *call, CURLcode code)
{
	struct http *h = call->http;

	http_answer_note(call, code);
	http_enter(h);
	end(call, code);
	http_leave(h);
}

void
http_call_finish(CURL *easy, CURLcode code)
{
	struct http_call *call = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
	http_answer_note(call, code);
	/* After a redirect the distance would be another server's. */
	if (call->redirects == 0)
		http_distance_note(call->http, easy);
	if (code != CURLE_OK || !http_call_follow(call))
		end(call, code);
}

static void
set_credentials(const struct http *h, CURL *easy)
{
	if (h->user != NULL && h->password != NULL) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERNAME, h->user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, h->password);
	} else if (h->bearer != NULL) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
		curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, h->bearer);
	} else if (h->netrc) {
		const char *file = environment_value("NETRC");

		curl_easy_setopt(
		    easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
		if (file != NULL)
			curl_easy_setopt(easy, CURLOPT_NETRC_FILE, file);
	}
}

static void
set_security(const struct http *h, CURL *easy, bool foreign)
{
	http_trust_set(h, easy);
	if (h->client_cert != NULL && !foreign) {
		/* One file may have both; not every TLS takes the key from
		 * there unasked. */
		curl_easy_setopt(easy, CURLOPT_SSLCERT, h->client_cert);
		curl_easy_setopt(easy, CURLOPT_SSLKEY,
		    h->client_key != NULL ? h->client_key : h->client_cert);
	}
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* redirect.c follows redirects, because it checks where they lead. */
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	/* The path goes out as we wrote it: curl must not resolve dots in
	 * it. */
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
}

/* QUICK_EXIT: a resolver thread that hangs must not delay our exit. */
static void
set_limits(const struct http_call *call, CURL *easy)
{
	const struct http_request *r = &call->request;
	/* A worker of a busy server that waits for what may come on a connection
	 * serves nobody else. */
	bool plain = (r->close_plain || http_is_shared()) &&
	    strncasecmp(call->url, "http:", 5) == 0;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(
	    easy, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_MS);
	curl_easy_setopt(
	    easy, CURLOPT_FRESH_CONNECT, plain || r->once ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, plain ? 1L : 0L);
}

static void
set_body(struct http_call *call, CURL *easy)
{
	const struct http_request *r = &call->request;

	if (r->from_file) {
		curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(
		    easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->body_len);
		curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_file);
		curl_easy_setopt(easy, CURLOPT_READDATA, call);
		curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_file);
		curl_easy_setopt(easy, CURLOPT_SEEKDATA, call);
	} else if (strcmp(call->method, "GET") != 0) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(
		    easy, CURLOPT_POSTFIELDS, r->body != NULL ? r->body : "");
		curl_easy_setopt(
		    easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
	}
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
}

/* An empty "Expect:" keeps curl from waiting a second for a 100, which few
 * servers send. */
static void
take_headers(struct http_call *call)
{
	const char *const *header = call->request.headers;

	call->headers = curl_slist_append(NULL, "Expect:");
	for (; header != NULL && *header != NULL; header++)
		call->headers = curl_slist_append(call->headers, *header);
}

void
http_call_set(struct http_call *call, bool foreign)
{
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		die("out of memory (libcurl)");
	/* A handle that is used again can read a header of its last answer
	 * that libcurl has freed (7.88: an answer whose first header is folded
	 * goes on with the last one). */
	curl_easy_cleanup(call->easy);
	call->easy = easy;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->curl_error);
	curl_easy_setopt(easy, CURLOPT_URL, call->url);
	/* An empty list: curl's own reading of the variables does not count. */
	curl_easy_setopt(
	    easy, CURLOPT_PROXY, http_proxy_of(call->http, call->url));
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT);
	set_body(call, easy);
	set_limits(call, easy);
	http_limit_set(call, easy);
	set_security(call->http, easy, foreign);
	if (!call->request.no_credentials && !foreign)
		set_credentials(call->http, easy);
}

void
http_call_begin(struct http_call *call)
{
	if (call->misled) {
		http_call_end(call, CURLE_OK);
		return;
	}
	if (!http_gate_pass(call))
		return;
	http_limit_begin(call);
	if (curl_multi_add_handle(call->http->multi, call->easy) != CURLM_OK)
		die("libcurl refuses a request");
}

static void
begin(struct loop_timer *timer)
{
	http_call_begin(timer->data);
}

static bool
is_https(const struct http_call *call)
{
	return strncasecmp(call->url, "https:", 6) == 0;
}

/* May we go where a server sends us, and is there what we need for it? */
static void
check_way(struct http_call *call)
{
	const char *giver = call->request.given_by;
	struct err err = ERR_INIT;

	if ((giver == NULL ||
		http_check_address(giver, call->url, &err) == 0) &&
	    (!is_https(call) || http_trust_load(call->http, &err) == 0))
		return;
	call->misled = true;
	snprintf(call->error, sizeof call->error, "%s", err.message);
}

struct http_call *
http_start(struct http *h, const struct http_request *request)
{
	int64_t wait_ms = http_pace_wait_ms();
	struct http_call *call = xcalloc(1, sizeof *call);

	call->http = h;
	call->socket = call->place = call->queue.fd = -1;
	call->request = *request;
	buf_init(&call->answer,
	    request->answer_max > 0 ? request->answer_max : HTTP_ANSWER_MAX);
	call->method = xstrdup(request->method);
	call->own = xstrdup(request->url);
	call->url = xstrdup(request->url);
	take_headers(call);
	check_way(call);
	http_call_set(call, false);
	call->request.url = NULL;
	call->request.given_by = NULL;
	call->request.method = NULL;
	call->request.headers = NULL;
	TAILQ_INSERT_TAIL(&h->calls, call, link);
	call->pace = (struct loop_timer){.fire = begin, .data = call};
	/* done() must come from the loop, even if the result is known
	 * already. */
	if (wait_ms > 0 || call->misled)
		loop_timer_set(h->loop, &call->pace, wait_ms);
	else
		begin(&call->pace);
	return call;
}

void
http_cancel(struct http_call *call)
{
	if (call != NULL)
		http_call_free(call);
}

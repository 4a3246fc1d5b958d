/*
 * HTTP requests on the worker's loop, by libcurl's multi interface. Nothing
 * blocks, no thread of ours, no signal.
 *
 *	http = http_new(loop, &config, &err);
 *	call = http_start(http, &request);
 *	... request.done(request.data, &answer) from the loop, exactly once ...
 *	http_free(http);        cancels what is under way, without its done()
 *
 * Certificates are verified (trust.c says by whose word), proxies come from the
 * usual variables (proxy.c), each phase has its time limit, answers have a maximum.
 * Redirects are followed a few times, never from https to http; credentials,
 * the client's certificate and headers go to the first origin (scheme, host,
 * port) only. No text that these files make holds a credential.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"

struct http;
struct http_call;

/* What holds for all requests of one tracker. Copied by http_new. */
struct http_config {
	/* A file or directory of certificates that are trusted; NULL: what the
	 * usual variables name. The system's are trusted, too. */
	const char *ca;
	const char *client_cert; /* PEM with certificate and key; or NULL */
	const char *client_key;  /* PEM, if the key is in a file of its own */
	bool insecure;           /* no verification of the server */
	/* The tracker's own proxies for http and https addresses: they stand
	 * above the usual variables, and NO_PROXY is not for them; or NULL. */
	const char *http_proxy, *https_proxy;
	const char *user, *password; /* for Basic, if both are set; or NULL */
	const char *bearer;          /* token, if there is no user; or NULL */
	bool netrc;                  /* no user, no token: ask netrc */
};

/* The result of a request. Only here is a status or network error mapped to
 * it. */
enum http_result {
	HTTP_OK, /* 2xx */
	/* Try again later: no connection, no name, too slow, a cut answer; 408,
	 * 425, 429, 5xx but 501. */
	HTTP_LATER,
	/* This request is refused for good: another 4xx, 501, 3xx without a
	 * target. */
	HTTP_REFUSED,
	/* This destination refuses us: 401, 403, 407, bad certificates, an
	 * invalid URL. */
	HTTP_DENIED,
};

struct http_answer {
	enum http_result result;
	int status; /* 0: there was no answer */
	/* No complete answer came: the server may have carried out the
	 * request. */
	bool ambiguous;
	/* No connection came about: no such name, refused, TLS, or several
	 * connects in a row without an answer to a server that never answered
	 * one. */
	bool unreachable;
	/* TLS was ended by the server, and we gave it no certificate; error says
	 * so. */
	bool may_want_certificate;
	const char *body; /* NUL-terminated; valid during done() */
	size_t body_len;
	const char *type;       /* Content-Type, "" if none */
	int64_t retry_after_ms; /* 0: none */
	int64_t rest_ms;        /* RateLimit: wait so long; 0: no word */
	/* One line for the user: the network error, or "HTTP 503"; "" if
	 * HTTP_OK. */
	const char *error;
};

struct http_request {
	const char *method; /* "GET", "POST", "PUT", "PATCH" */
	const char *url;    /* without user and password */
	/* Set if a server gave us the URL: the address at which we asked that
	 * server. If http_check_address() forbids the URL, nothing is sent:
	 * HTTP_DENIED. */
	const char *given_by;
	/* "Name: value", NULL behind the last; or NULL. */
	const char *const *headers;
	/* The body: bytes, or body_len bytes of the descriptor `file` from
	 * file_offset on, which are streamed and never held in memory. Both are
	 * borrowed until done. body NULL and no file: there is no body. */
	const void *body;
	int64_t body_len;
	bool from_file;
	int file;
	int64_t file_offset;
	/* A plain http request gets a connection of its own: uvicorn with
	 * several workers answers on a reused one about 42 ms late. */
	bool close_plain;
	/* The server must not carry the request out twice, so it gets a
	 * connection of its own: curl repeats a request, even a POST, when a
	 * connection that was used before turns out to be closed. */
	bool once;
	bool no_credentials; /* a signed URL */
	/* The URL's path is a secret: -v shows its host alone, and redirects are
	 * not followed. */
	bool secret_path;
	/* The limit for the whole call; 0: the only limit is HTTP_STALL_MS
	 * without a byte. Either is longer while http_set_patience() counts,
	 * unless `timeout_is_users`. */
	int64_t timeout_ms;
	bool timeout_is_users;
	size_t answer_max; /* 0: HTTP_ANSWER_MAX; more is HTTP_REFUSED */
	void (*done)(void *data, const struct http_answer *answer);
	/* Called when a part of a file was sent; or NULL. It must not start or
	 * end a call. */
	void (*moved)(void *data);
	void *data;
};

/* An answer to one of our calls has some kB; an error page has more. */
#define HTTP_ANSWER_MAX (4 * 1024 * 1024)
/* A server that is locked answers after 20 s (MLflow on SQLite). */
#define HTTP_TIMEOUT_MS 30000
#define HTTP_CONNECT_MS 10000
#define HTTP_STALL_MS   30000

/* NULL and err: libcurl can't be used. A CA or certificate file that can't be read
 * matters to https alone: HTTP_DENIED. */
struct http *http_new(
    struct loop *loop, const struct http_config *config, struct err *err);
/* May be called from within done(). */
void http_free(struct http *h);

/* Everything but the body is copied. Never calls done() itself. */
struct http_call *http_start(
    struct http *h, const struct http_request *request);
/* Forgets a call that is under way; done() will not be called. */
void http_cancel(struct http_call *call);

/* From now on this process begins at most so many requests a second, over all
 * of http_new(), one by one; the others wait. 0: no limit. */
void http_set_pace(int requests_per_second);

/* From now on no request begins for so long: many processes that would ask a
 * server at the same moment take a random time each. */
void http_hold(int64_t ms);
/* How long that still lasts. */
int64_t http_held_ms(void);

/* From now on, or no longer, this process shares servers near by with others of
 * this machine that do so, too: a request waits until few are under way. Files
 * don't wait. */
void http_share(bool with_others);

/* From now on this process waits for an answer until then (monotonic) at least,
 * also for one that it waits for already: somebody has said how much time there
 * is, and a server with a long queue would do a request in vain that was given
 * up and sent again. 0: no longer. */
void http_set_patience(int64_t until_ms);

/* The time of a round trip, in microseconds, to the farthest server for which
 * http_new() is in use; 0: none has answered yet. */
int64_t http_distance_us(void);

/* --- addresses that a server hands us ---
 *
 * We send a login only to an address for which http_same_origin() is true, and
 * anything else only to one that http_check_address() allows. */

/* Do both have the same scheme, host and port? */
bool http_same_origin(const char *own, const char *url);
/* May we send to `url`? `own` is the address that the server was asked at.
 * -EPERM, and err names the address without its secrets: it is neither http nor
 * https, it is http although `own` is https, it holds a login, or it is no
 * address. */
int http_check_address(const char *own, const char *url, struct err *err);

/* Is the answer a web page? No server of ours answers so when all is well: a login
 * page, a portal or a proxy stands before it. */
bool http_is_page(const struct http_answer *answer);

/* Percent-encodes everything but unreserved characters; `keep` names more that
 * stay ("/"). */
int http_escape(struct buf *out, const char *text, const char *keep);

/* --- parts for http.c and its tests --- */

/* How long a request that begins now must wait, for http_hold() and for the
 * pace, in which the call reserves its place. */
int64_t http_pace_wait_ms(void);

enum http_result http_status_result(int status);
/* Seconds or an HTTP date -> milliseconds from now_s (Unix seconds) on, at
 * least 0, at most an hour. */
int64_t http_retry_after_ms(const char *value, int64_t now_s);

#endif

/* What the files of lib/http share: http.c (curl's multi interface on the loop),
 * call.c (one request), answer.c (what it came to), timeout.c (how long it may
 * take), redirect.c (where it is sent on to), address.c (where it may go), proxy.c
 * (through which proxy), trust.c (whose certificates count), pace.c (how many in a
 * second), gate.c (how many at once), distance.c (how far they go), threads.c (for
 * who looks names up), status.c (the pure parts). */
#ifndef HTTP_PRIVATE_H
#define HTTP_PRIVATE_H

#include <sys/queue.h>

#include "http/http.h"
#include "http/libcurl.h"

#define HTTP_TYPE_SIZE 128
/* Room for a message and a few words before it. */
#define HTTP_ERROR_SIZE (ERR_MESSAGE_MAX + 64)

struct http {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer timer;
	char *ca, *client_cert, *client_key, *user, *password, *bearer;
	char *http_proxy, *https_proxy;
	bool insecure, netrc;
	/* trust.c */
	bool trust_is_loaded;
	struct err trust_err;
	struct buf certificates, unread;
	TAILQ_HEAD(, http_call) calls;
	TAILQ_HEAD(, connection) connections;
	/* busy: a callback of the loop is running, so http_free only sets
	 * `dead`. */
	bool busy, dead;
	int64_t distance_us; /* of the server; 0: not known yet */
	int64_t least_ms;    /* its quickest answer; 0: none yet */
	bool connected;      /* a connection to it came about */
	int lost_connects;   /* in a row, that it never answered */
	LIST_ENTRY(http) link;
};

struct http_call {
	struct http *http;
	CURL *easy;
	struct curl_slist *headers;
	char *method;
	char *own, *url; /* the URL as asked for, and its present one */
	int redirects;
	bool misled;             /* a server led it astray: `error` says why */
	struct loop_timer pace;  /* set: not begun yet */
	struct loop_timer limit; /* timeout.c */
	int64_t since_ms;        /* its beginning, or its last byte */
	curl_off_t moved;        /* bytes of it, both ways */
	int socket;              /* -1: none */
	/* gate.c: the place that it holds and the one that it waits for, -1:
	 * none; when it has waited long enough, 0: it did not wait. */
	int place;
	struct loop_io queue;
	int64_t gate_ms;
	struct http_request request; /* its pointers: body, data only */
	int64_t sent;                /* bytes of a file's body */
	struct buf answer;
	bool too_long, file_is_shorter;
	int file_error; /* errno of the file that is sent; 0: none */
	int64_t retry_after_ms;
	bool limit_reached; /* RateLimit-Remaining: 0 */
	int64_t limit_reset_ms;
	char type[HTTP_TYPE_SIZE];
	char curl_error[CURL_ERROR_SIZE];
	char error[HTTP_ERROR_SIZE];
	TAILQ_ENTRY(http_call) link;
};

/* Called when the transfer has ended: tells its user, and frees the call. */
void http_call_finish(CURL *easy, CURLcode code);
void http_call_free(struct http_call *call);
/* Ends a call that has not ended by itself, from a timer. */
void http_call_end(struct http_call *call, CURLcode code);

/* http.c: what callbacks of the loop do between these may free the whole. */
void http_enter(struct http *h);
void http_leave(struct http *h);

/* timeout.c: how long somebody still waits. */
int64_t http_patience_ms(void);
/* timeout.c: begins to count; and curl's part of it. */
void http_limit_begin(struct http_call *call);
void http_limit_set(struct http_call *call, CURL *easy);

/* answer.c: notes what a call that ended with `code` tells of the server: does it
 * take connections? And the answer for its user. */
void http_answer_note(struct http_call *call, CURLcode code);
void http_answer_fill(
    struct http_call *call, CURLcode code, struct http_answer *a);

/* Sets all options of the transfer anew. `foreign`: it goes to another server
 * than the one that was asked, so nothing that shows who we are goes along. */
void http_call_set(struct http_call *call, bool foreign);

/* redirect.c: follows the redirect in the answer. False: it leads nowhere, or
 * where we may not go. */
bool http_call_follow(struct http_call *call);

/* call.c: the call's time has come, or it asks the gate again. */
void http_call_begin(struct http_call *call);

/* MLflow's pool has 15 connections for each worker, and some requests need two: at
 * 20 at once they still get through, at 40 all of them wait for each other until
 * half a minute is over. */
#define HTTP_PLACES 8
/* gate.c: may the call begin now? If not, http_call_begin() comes again. */
bool http_gate_pass(struct http_call *call);
bool http_is_shared(void);
void http_gate_leave(struct http_call *call);

/* proxy.c: the proxy for this address; "" for none. */
const char *http_proxy_of(const struct http *h, const char *url);

/* trust.c: reads what is trusted, once; or says what can't be read. */
int http_trust_load(struct http *h, struct err *err);
void http_trust_set(const struct http *h, CURL *easy);
/* What the usual variables name and can't be read: "; NAME: why" each. */
const char *http_trust_unread(const struct http *h);
void http_trust_release(struct http *h);

/* distance.c: keeps the servers that http_distance_us() looks at, and notes
 * what an ended transfer tells of the distance. */
void http_distance_add(struct http *h);
void http_distance_remove(struct http *h);
void http_distance_note(struct http *h, CURL *easy);

#endif

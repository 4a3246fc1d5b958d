/* What a request came to: its result, the words for what went wrong, and whether
 * the server was there at all. */
#include <string.h>

#include "base/uri.h"
#include "http/private.h"

/* A connect that is not answered says little of a server whose queue may be full:
 * the kernel of a busy one drops what does not fit in. So many in a row, and none
 * before that was answered, say that nobody is there. */
#define LOST_CONNECTS_MAX 3

static enum http_result
network_result(const struct http_call *call, CURLcode code)
{
	if (call->too_long || call->file_is_shorter)
		return HTTP_REFUSED;
	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		return HTTP_DENIED;
	default:
		return HTTP_LATER;
	}
}

void
http_answer_note(struct http_call *call, CURLcode code)
{
	struct http *h = call->http;
	curl_off_t connect_us = 0, took_us = 0;

	curl_easy_getinfo(call->easy, CURLINFO_CONNECT_TIME_T, &connect_us);
	curl_easy_getinfo(call->easy, CURLINFO_TOTAL_TIME_T, &took_us);
	if (code == CURLE_OK &&
	    (h->least_ms == 0 || took_us / 1000 < h->least_ms))
		h->least_ms = took_us / 1000;
	if (connect_us > 0) {
		h->connected = true;
		h->lost_connects = 0;
	} else if (code == CURLE_OPERATION_TIMEDOUT) {
		h->lost_connects++;
	}
}

/* Has it come to no connection that could carry a request? */
static bool
is_unreachable(const struct http_call *call, CURLcode code)
{
	const struct http *h = call->http;

	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
		return true;
	case CURLE_OPERATION_TIMEDOUT:
		return !h->connected && h->lost_connects >= LOST_CONNECTS_MAX;
	default:
		return false;
	}
}

/* A server that misses our certificate ends the connection: in TLS 1.3 just behind
 * the handshake, where curl may find only that it can't write; before, in it. */
static bool
may_want_certificate(const struct http_call *call, CURLcode code)
{
	curl_off_t handshake_us = 0;
	long connects = 0;

	curl_easy_getinfo(
	    call->easy, CURLINFO_APPCONNECT_TIME_T, &handshake_us);
	curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connects);
	if (call->http->client_cert != NULL)
		return false;
	switch (code) {
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
		return handshake_us > 0 && connects > 0;
	case CURLE_SSL_CONNECT_ERROR:
		return strstr(call->curl_error, "alert") != NULL;
	default:
		return false;
	}
}

static void
network_error(struct http_call *call, CURLcode code)
{
	if (call->too_long)
		snprintf(call->error, sizeof call->error,
		    "the answer is longer than %zu bytes", call->answer.max);
	else if (call->file_is_shorter)
		snprintf(call->error, sizeof call->error,
		    "the file became shorter while it was sent");
	else if (call->file_error != 0)
		snprintf(call->error, sizeof call->error,
		    "the file can't be read: %s", strerror(call->file_error));
	else
		snprintf(call->error, sizeof call->error, "%s%s",
		    call->curl_error[0] != '\0' ? call->curl_error
						: curl_easy_strerror(code),
		    code == CURLE_PEER_FAILED_VERIFICATION
			? http_trust_unread(call->http)
			: may_want_certificate(call, code)
			? "; the server may want a client certificate, and "
			  "none is set"
			: "");
	/* curl may name a proxy with its login. */
	uri_clean_words(call->error);
}

void
http_answer_fill(struct http_call *call, CURLcode code, struct http_answer *a)
{
	long status = 0;
	curl_off_t connected_us = 0;
	const char *type = NULL;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(
	    call->easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
	curl_easy_getinfo(call->easy, CURLINFO_CONTENT_TYPE, &type);
	snprintf(call->type, sizeof call->type, "%s", type != NULL ? type : "");
	*a = (struct http_answer){
	    .status = (int)status,
	    .body = call->answer.data,
	    .body_len = call->answer.len,
	    .type = call->type,
	    .retry_after_ms = call->retry_after_ms,
	    .rest_ms = call->limit_reached ? call->limit_reset_ms : 0,
	    .error = call->error,
	};
	if (code != CURLE_OK) {
		a->result = network_result(call, code);
		network_error(call, code);
		a->ambiguous = connected_us > 0;
		a->unreachable = is_unreachable(call, code);
		a->may_want_certificate = may_want_certificate(call, code);
		return;
	}
	if (call->misled) {
		a->result = HTTP_DENIED;
		return;
	}
	a->result = http_status_result(a->status);
	a->ambiguous = a->result == HTTP_LATER && a->status >= 500;
	if (a->result != HTTP_OK)
		snprintf(call->error, sizeof call->error, "HTTP %d", a->status);
}

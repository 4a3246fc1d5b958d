/* How long a request may take: its own limit, or, if it has none, so long
 * without a byte; longer where somebody has said how much time there is and the
 * server's machine still confirms what we send. curl's limits are not used,
 * because they can't be changed while a request is under way. */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "http/private.h"

/* While somebody waits: how often the connection is looked at, and for how long
 * the other machine may say nothing to what we have sent. A full queue of a
 * listener drops the end of a handshake: then we have a connection and the
 * server has none. */
#define LOOK_MS   2000
#define SILENT_MS 10000

static int64_t patience_until_ms; /* 0: none */

void
http_set_patience(int64_t until_ms)
{
	patience_until_ms = until_ms;
}

/* Somebody waits for the call, however long it takes, until then; 0: nobody. */
static int64_t
patient_until_ms(const struct http_call *call)
{
	return call->request.timeout_is_users ? 0 : patience_until_ms;
}

int64_t
http_patience_ms(void)
{
	int64_t left_ms = patience_until_ms - clock_mono_ms();

	return left_ms > 0 ? left_ms : 0;
}

static int64_t
due_ms(const struct http_call *call)
{
	const struct http_request *r = &call->request;
	int64_t limit_ms = r->timeout_ms > 0 ? r->timeout_ms : HTTP_STALL_MS;
	int64_t due = call->since_ms + limit_ms;

	return due > patient_until_ms(call) ? due : patient_until_ms(call);
}

/* Does the other machine say nothing to what we have sent? */
static bool
is_silent(const struct http_call *call)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof info;

	if (call->socket < 0 || clock_mono_ms() - call->since_ms < SILENT_MS ||
	    getsockopt(call->socket, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		return false;
	return info.tcpi_unacked > 0 && info.tcpi_last_ack_recv >= SILENT_MS;
}

/* Sets when the call is looked at next. */
static void
set_limit(struct http_call *call)
{
	int64_t now_ms = clock_mono_ms();
	int64_t left_ms = due_ms(call) - now_ms;

	if (patient_until_ms(call) > now_ms && left_ms > LOOK_MS)
		left_ms = LOOK_MS;
	loop_timer_set(call->http->loop, &call->limit, left_ms);
}

static void
on_limit(struct loop_timer *timer)
{
	struct http_call *call = timer->data;
	int64_t now_ms = clock_mono_ms();
	bool silent = patient_until_ms(call) > now_ms && is_silent(call);

	if (now_ms < due_ms(call) && !silent) {
		set_limit(call);
		return;
	}
	snprintf(call->curl_error, sizeof call->curl_error,
	    "no answer in %jd s", (intmax_t)(now_ms - call->since_ms) / 1000);
	http_call_end(call, CURLE_OPERATION_TIMEDOUT);
}

void
http_limit_begin(struct http_call *call)
{
	call->since_ms = clock_mono_ms();
	call->limit = (struct loop_timer){.fire = on_limit, .data = call};
	set_limit(call);
}

/* A byte that moves begins the time without one anew. */
static int
on_progress(void *data, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
    curl_off_t up)
{
	struct http_call *call = data;

	(void)down_all;
	(void)up_all;
	if (down + up != call->moved) {
		call->moved = down + up;
		call->since_ms = clock_mono_ms();
	}
	return 0;
}

void
http_limit_set(struct http_call *call, CURL *easy)
{
	call->moved = 0;
	if (call->request.timeout_ms > 0)
		return;
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, call);
}

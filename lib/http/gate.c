/* Lets so many requests of this machine to one server near by be under way at a
 * time, over all processes that take part. A hundred commands that end together
 * would ask a server for more than it has of threads and database connections:
 * MLflow with one worker answers hundreds of requests a second one after the
 * other, and three a second if a hundred come at once.
 *
 * A place is an abstract Unix socket with the server in its name: who binds it has
 * it, and the kernel frees it with the process. Who finds all taken connects to
 * one of them, and the connection ends when that place is free. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/uri.h"
#include "http/private.h"

/* A server that is farther away is another's, or has more than one machine's
 * requests to think of. */
#define NEAR_US 5000
/* A server that never needed less for a request of those that are let through is
 * slow by itself, and not helped by waiting. */
#define SLOW_MS 2500
/* Others may hold the places for a server that hangs: who has waited for this part
 * of the time that there is, goes. */
#define WAIT_PART(ms) ((ms) / 4 * 3)
/* How often all places are looked at by who waits for one. */
#define AGAIN_MS 200

static bool shared;

void
http_share(bool with_others)
{
	shared = with_others;
}

bool
http_is_shared(void)
{
	return shared;
}

static socklen_t
place_name(struct sockaddr_un *a, const struct http_call *call, int place)
{
	struct uri u;
	int len;

	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	uri_split(call->url, &u);
	len = snprintf(a->sun_path + 1, sizeof a->sun_path - 1,
	    "itrack-gate-%u-%016jx-%d", (unsigned)getuid(),
	    (uintmax_t)hash_bytes(u.authority.start, u.authority.len), place);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	    (size_t)len);
}

/* 1: it is ours; 0: another has it; -1: there are no such sockets here. */
static int
take_place(struct http_call *call, int place)
{
	struct sockaddr_un a;
	socklen_t len = place_name(&a, call, place);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&a, len) == 0) {
		listen(fd, SOMAXCONN);
		call->place = fd;
		return 1;
	}
	len = errno == EADDRINUSE;
	close(fd);
	return len ? 0 : -1;
}

static void
stop_waiting(struct http_call *call)
{
	if (call->queue.added)
		loop_remove(call->http->loop, &call->queue);
	if (call->queue.fd >= 0)
		close(call->queue.fd);
	call->queue.fd = -1;
	loop_timer_cancel(call->http->loop, &call->pace);
}

static void
on_free(struct loop_io *io, uint32_t events)
{
	struct http_call *call = io->data;

	(void)events;
	stop_waiting(call);
	http_call_begin(call);
}

/* A stranger may have taken the name. */
static bool
is_ours(int fd)
{
	struct ucred who;
	socklen_t size = sizeof who;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 &&
	    who.uid == getuid();
}

/* Until the place that it chooses is free; another may be so earlier. */
static void
wait_for_place(struct http_call *call)
{
	struct sockaddr_un a;
	socklen_t len = place_name(&a, call, (int)random_below(HTTP_PLACES));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	call->queue =
	    (struct loop_io){.fd = fd, .ready = on_free, .data = call};
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, len) == 0) {
		if (is_ours(fd))
			loop_add(call->http->loop, &call->queue, EPOLLIN);
		else
			call->gate_ms = 1; /* it has waited long enough */
	}
	loop_timer_set(call->http->loop, &call->pace, AGAIN_MS);
}

bool
http_gate_pass(struct http_call *call)
{
	const struct http *h = call->http;
	int first, result = 0;

	stop_waiting(call);
	if (!shared || call->request.from_file || h->least_ms >= SLOW_MS ||
	    h->distance_us > NEAR_US)
		return true;
	if (call->gate_ms == 0)
		call->gate_ms = clock_mono_ms() + WAIT_PART(http_patience_ms());
	if (clock_mono_ms() >= call->gate_ms)
		return true;
	first = (int)random_below(HTTP_PLACES);
	for (int i = 0; i < HTTP_PLACES && result == 0; i++)
		result = take_place(call, (first + i) % HTTP_PLACES);
	if (result != 0)
		return true;
	wait_for_place(call);
	return false;
}

void
http_gate_leave(struct http_call *call)
{
	stop_waiting(call);
	if (call->place >= 0)
		close(call->place);
	call->place = -1;
}

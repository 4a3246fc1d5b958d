#include "http/private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/environment.h"
#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "http/threads.h"

/* One of curl's sockets. */
struct connection {
	struct loop_io io;
	TAILQ_ENTRY(connection) link;
};

static void process(struct http *h, curl_socket_t socket, int events);

static void
on_socket(struct loop_io *io, uint32_t events)
{
	int mask = 0;

	if (events & EPOLLIN)
		mask |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		mask |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		mask |= CURL_CSELECT_ERR;
	process(io->data, io->fd, mask);
}

static void
on_timer(struct loop_timer *timer)
{
	process(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int
set_timer(CURLM *multi, long timeout_ms, void *data)
{
	struct http *h = data;

	(void)multi;
	if (timeout_ms < 0)
		loop_timer_cancel(h->loop, &h->timer);
	else
		loop_timer_set(h->loop, &h->timer, timeout_ms);
	return 0;
}

static void
connection_free(struct http *h, struct connection *c)
{
	loop_remove(h->loop, &c->io);
	TAILQ_REMOVE(&h->connections, c, link);
	free(c);
}

/* Which call has the socket? With HTTP/2 several have one; that one knows it is
 * enough. */
static void
note_socket(CURL *easy, curl_socket_t socket, int what)
{
	struct http_call *call = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
	if (call != NULL)
		call->socket = what == CURL_POLL_REMOVE ? -1 : socket;
}

static int
set_socket(CURL *easy, curl_socket_t socket, int what, void *data, void *mine)
{
	struct http *h = data;
	struct connection *c = mine;
	uint32_t events = 0;

	note_socket(easy, socket, what);
	if (what == CURL_POLL_REMOVE) {
		if (c != NULL)
			connection_free(h, c);
		return 0;
	}
	if (c == NULL) {
		c = xcalloc(1, sizeof *c);
		c->io.fd = socket;
		c->io.ready = on_socket;
		c->io.data = h;
		TAILQ_INSERT_TAIL(&h->connections, c, link);
		curl_multi_assign(h->multi, socket, c);
	}
	if (what & CURL_POLL_IN)
		events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		events |= EPOLLOUT;
	return loop_add(h->loop, &c->io, events) < 0 ? -1 : 0;
}

static void
http_destroy(struct http *h)
{
	struct http_call *call;
	struct connection *c;

	while ((call = TAILQ_FIRST(&h->calls)) != NULL)
		http_call_free(call);
	if (h->multi != NULL)
		curl_multi_cleanup(h->multi);
	while ((c = TAILQ_FIRST(&h->connections)) != NULL)
		connection_free(h, c);
	loop_timer_cancel(h->loop, &h->timer);
	http_distance_remove(h);
	http_trust_release(h);
	free(h->ca);
	free(h->client_cert);
	free(h->client_key);
	free(h->http_proxy);
	free(h->https_proxy);
	free(h->user);
	free(h->password);
	free(h->bearer);
	free(h);
}

void
http_enter(struct http *h)
{
	h->busy = true;
}

void
http_leave(struct http *h)
{
	h->busy = false;
	if (h->dead)
		http_destroy(h);
}

static void
process(struct http *h, curl_socket_t socket, int events)
{
	CURLMsg *message;
	int running, left;

	http_enter(h);
	curl_multi_socket_action(h->multi, socket, events, &running);
	while (!h->dead &&
	    (message = curl_multi_info_read(h->multi, &left)) != NULL)
		if (message->msg == CURLMSG_DONE)
			http_call_finish(
			    message->easy_handle, message->data.result);
	http_leave(h);
}

static char *
copy(const char *text)
{
	return text != NULL && text[0] != '\0' ? xstrdup(text) : NULL;
}

/* curl would look for the file with every request. One that can't be looked at
 * is left to curl. */
static bool
netrc_is_there(void)
{
	const char *file = environment_value("NETRC");
	const char *home = environment_value("HOME");
	char *path;
	int there;

	if (file != NULL)
		return file_look(AT_FDCWD, file, 0, NULL, NULL) != 0;
	if (home == NULL)
		return true; /* curl knows where else to look */
	path = path_join(home, ".netrc");
	there = file_look(AT_FDCWD, path, 0, NULL, NULL);
	free(path);
	return there != 0;
}

struct http *
http_new(struct loop *loop, const struct http_config *config, struct err *err)
{
	struct http *h;

	threads_allow();
	if (libcurl_load(err) < 0)
		return NULL;
	h = xcalloc(1, sizeof *h);
	h->loop = loop;
	h->timer.fire = on_timer;
	h->timer.data = h;
	TAILQ_INIT(&h->calls);
	TAILQ_INIT(&h->connections);
	h->ca = copy(config->ca);
	h->client_cert = copy(config->client_cert);
	h->client_key = copy(config->client_key);
	h->insecure = config->insecure;
	h->http_proxy = copy(config->http_proxy);
	h->https_proxy = copy(config->https_proxy);
	h->user = copy(config->user);
	h->password = copy(config->password);
	h->bearer = copy(config->bearer);
	h->netrc = config->netrc && netrc_is_there();
	h->multi = curl_multi_init();
	if (h->multi == NULL)
		die("out of memory (libcurl)");
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	http_distance_add(h);
	return h;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	if (h->busy)
		h->dead = true;
	else
		http_destroy(h);
}

/*
 * A server that says what the input has, and the engine's side of a tracker
 * that talks to it: for targets that go through the real requests.
 *
 *	answers_open(&a, at, end, answer);    `answer` makes the next answer
 *	... requests on a.loop, to any http or https address ...
 *	answers_close(&a);
 *
 * The server is the proxy of all requests, so that no address in an input is
 * ever asked. It speaks once on each connection.
 */
#ifndef TESTS_FUZZ_ANSWERS_H
#define TESTS_FUZZ_ANSWERS_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "base/loop.h"
#include "tests/fuzz/fuzz.h"

#define ANSWERS_REQUEST_MAX ((size_t)1 << 26)
/* Far longer than anything takes here. */
#define ANSWERS_PATIENCE_MS 60000

struct answers;

struct answers_client {
	struct loop_io io;
	struct answers *answers;
	struct buf request;
	LIST_ENTRY(answers_client) link;
};

struct answers {
	struct loop *loop;
	struct loop_io io;
	const char *at, *end; /* of the input, not yet said */
	/* Appends what is said next. */
	void (*answer)(struct answers *a, struct buf *out);
	LIST_HEAD(, answers_client) clients;
	struct loop_timer patience;
};

static void
answers_drop(struct answers_client *c)
{
	loop_remove(c->answers->loop, &c->io);
	close(c->io.fd);
	buf_release(&c->request);
	LIST_REMOVE(c, link);
	free(c);
}

/* Head and body are there. */
static bool
answers_is_whole(const struct buf *request)
{
	static const char name[] = "\r\nContent-Length:";
	const char *end = strstr(request->data, "\r\n\r\n");
	const char *field = strcasestr(request->data, name);
	size_t len = 0;

	if (end == NULL)
		return false;
	if (field != NULL && field < end)
		len = strtoul(field + sizeof name - 1, NULL, 10);
	return request->len >= (size_t)(end + 4 - request->data) + len;
}

static void
answers_hear(struct loop_io *io, uint32_t events)
{
	struct answers_client *c = io->data;
	char *room = buf_reserve(&c->request, 65536);
	ssize_t n = room != NULL ? read(io->fd, room, 65536) : 0;
	struct buf out;

	(void)events;
	if (n > 0)
		buf_advance(&c->request, (size_t)n);
	if (n > 0 && !answers_is_whole(&c->request))
		return;
	buf_init(&out, ANSWERS_REQUEST_MAX);
	if (n > 0) {
		c->answers->answer(c->answers, &out);
		/* Answers are shorter than a socket's buffer. */
		if (write(io->fd, out.data, out.len) < 0)
			c->answers->at = c->answers->end;
	}
	buf_release(&out);
	answers_drop(c);
}

static void
answers_accept(struct loop_io *io, uint32_t events)
{
	struct answers *a = io->data;
	int fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct answers_client *c;

	(void)events;
	if (fd < 0)
		return;
	c = xcalloc(1, sizeof *c);
	c->answers = a;
	c->io = (struct loop_io){.fd = fd, .ready = answers_hear, .data = c};
	buf_init(&c->request, ANSWERS_REQUEST_MAX);
	buf_adds(&c->request, "");
	LIST_INSERT_HEAD(&a->clients, c, link);
	expect(loop_add(a->loop, &c->io, EPOLLIN) == 0);
}

static void
answers_too_late(struct loop_timer *timer)
{
	(void)timer;
	fuzz_fail("answers", 0, "somebody is called back");
}

__attribute__((unused)) static void
answers_open(struct answers *a, const char *at, const char *end,
    void (*answer)(struct answers *a, struct buf *out))
{
	struct sockaddr_in name = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof name;
	char proxy[64];

	*a = (struct answers){
	    .loop = loop_new(), .at = at, .end = end, .answer = answer};
	a->io = (struct loop_io){
	    .fd =
		socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
	    .ready = answers_accept,
	    .data = a};
	expect(bind(a->io.fd, (struct sockaddr *)&name, len) == 0);
	expect(listen(a->io.fd, 16) == 0);
	expect(getsockname(a->io.fd, (struct sockaddr *)&name, &len) == 0);
	expect(loop_add(a->loop, &a->io, EPOLLIN) == 0);
	snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u",
	    (unsigned)ntohs(name.sin_port));
	setenv("http_proxy", proxy, 1);
	setenv("https_proxy", proxy, 1);
	unsetenv("no_proxy");
	unsetenv("NO_PROXY");
	a->patience = (struct loop_timer){.fire = answers_too_late};
	loop_timer_set(a->loop, &a->patience, ANSWERS_PATIENCE_MS);
}

__attribute__((unused)) static void
answers_close(struct answers *a)
{
	struct answers_client *c;

	while ((c = LIST_FIRST(&a->clients)) != NULL)
		answers_drop(c);
	loop_timer_cancel(a->loop, &a->patience);
	loop_remove(a->loop, &a->io);
	close(a->io.fd);
	loop_free(a->loop);
}

/* An `answer` for parts of the form "STATUS BODY": a server that knows HTTP.
 * When the input has said all, it has a fault. */
__attribute__((unused)) static void
answers_json(struct answers *a, struct buf *out)
{
	bool more = a->at < a->end;
	size_t len;
	char *part = fuzz_part(&a->at, a->end, &len), *body = part;
	int status = more ? (int)strtoul(part, &body, 10) : 500;

	if (status < 200 || status > 599)
		status = 200;
	body += *body == ' ';
	len -= (size_t)(body - part);
	buf_addf(out,
	    "HTTP/1.1 %d Word\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n",
	    status, len);
	buf_add(out, body, len);
	free(part);
}

#endif

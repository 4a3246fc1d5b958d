/*
 * lib/http against a socket of our own that answers what each case says.
 */
#include "http/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/loop.h"
#include "http/private.h"
#include "tap.h"

#define LIMIT_MS 10000

/* One connection: what came, what is answered. */
struct server {
	struct loop *loop;
	struct loop_io listener, client;
	struct buf got;
	const char *answer; /* NULL: never */
	size_t want; /* bytes to read before the answer; 0: to the blank line */
	int connections;
	int port;
	int64_t think_ms; /* before the answer */
	struct loop_timer thought;
};

struct waiter {
	struct loop *loop;
	struct http *free_in_done;
	int calls;
	enum http_result result;
	int status;
	bool ambiguous, unreachable;
	int64_t retry_after_ms, rest_ms, distance_us;
	char body[256], error[256], type[64];
};

static void
close_client(struct server *s)
{
	loop_remove(s->loop, &s->client);
	close(s->client.fd);
}

static void
answer(struct loop_timer *timer)
{
	struct server *s = timer->data;

	if (write(s->client.fd, s->answer, strlen(s->answer)) < 0)
		perror("write");
	close_client(s);
}

static void
on_client(struct loop_io *io, uint32_t events)
{
	struct server *s = io->data;
	char bytes[4096];
	ssize_t n = read(io->fd, bytes, sizeof bytes);

	(void)events;
	if (n <= 0) {
		close_client(s);
		return;
	}
	buf_add(&s->got, bytes, (size_t)n);
	if (s->answer == NULL || s->got.len < s->want ||
	    (s->want == 0 && strstr(s->got.data, "\r\n\r\n") == NULL))
		return;
	s->thought = (struct loop_timer){.fire = answer, .data = s};
	if (s->think_ms > 0)
		loop_timer_set(s->loop, &s->thought, s->think_ms);
	else
		answer(&s->thought);
}

static void
on_listener(struct loop_io *io, uint32_t events)
{
	struct server *s = io->data;

	(void)events;
	s->client.fd = accept(io->fd, NULL, NULL);
	s->client.ready = on_client;
	s->client.data = s;
	s->connections++;
	loop_add(s->loop, &s->client, EPOLLIN);
}

static void
server_start(struct server *s, struct loop *loop)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;

	memset(s, 0, sizeof *s);
	s->loop = loop;
	buf_init(&s->got, 1 << 20);
	s->listener.fd = socket(AF_INET, SOCK_STREAM, 0);
	s->listener.ready = on_listener;
	s->listener.data = s;
	if (bind(s->listener.fd, (struct sockaddr *)&a, len) < 0 ||
	    listen(s->listener.fd, 8) < 0 ||
	    getsockname(s->listener.fd, (struct sockaddr *)&a, &len) < 0)
		die("no test server: %s", strerror(errno));
	s->port = ntohs(a.sin_port);
	loop_add(loop, &s->listener, EPOLLIN);
}

static void
server_stop(struct server *s)
{
	loop_timer_cancel(s->loop, &s->thought);
	if (s->client.added)
		close_client(s);
	loop_remove(s->loop, &s->listener);
	close(s->listener.fd);
	buf_release(&s->got);
}

static void
on_done(void *data, const struct http_answer *a)
{
	struct waiter *w = data;

	w->calls++;
	w->result = a->result;
	w->status = a->status;
	w->ambiguous = a->ambiguous;
	w->unreachable = a->unreachable;
	w->retry_after_ms = a->retry_after_ms;
	w->rest_ms = a->rest_ms;
	w->distance_us = http_distance_us();
	snprintf(w->body, sizeof w->body, "%s", a->body);
	snprintf(w->error, sizeof w->error, "%s", a->error);
	snprintf(w->type, sizeof w->type, "%s", a->type);
	http_free(w->free_in_done);
	loop_stop(w->loop);
}

static void
on_limit(struct loop_timer *timer)
{
	loop_stop(timer->data);
}

static void
run(struct loop *loop, int64_t limit_ms)
{
	struct loop_timer limit = {.fire = on_limit, .data = loop};

	loop_timer_set(loop, &limit, limit_ms);
	loop_run(loop);
	loop_timer_cancel(loop, &limit);
}

static const char *proxied; /* the address that is asked for by a proxy */
static int64_t think_ms;    /* of the servers of exchange() */

static const char *proxy_name; /* "name", or "-": the tracker's own */

static void
set_proxy(char *url)
{
	url[strcspn(url + strlen("http://"), "/") + strlen("http://")] = '\0';
	setenv(proxy_name, url, 1);
}

/* One request to a server that answers `answer`. */
static struct waiter
exchange(const struct http_config *config, struct http_request *request,
    const char *answer, char **got)
{
	struct loop *loop = loop_new();
	struct server server;
	struct waiter w = {.loop = loop};
	struct err err = ERR_INIT;
	struct http *h = http_new(loop, config, &err);
	char url[64];

	server_start(&server, loop);
	server.answer = answer;
	server.think_ms = think_ms;
	server.want = (size_t)request->body_len;
	snprintf(url, sizeof url, "http://127.0.0.1:%d/a%%20b", server.port);
	request->url = proxied != NULL ? proxied : url;
	if (proxied != NULL)
		set_proxy(url);
	request->done = on_done;
	request->data = &w;
	w.free_in_done = h;
	http_start(h, request);
	run(loop, LIMIT_MS);
	is_int(w.calls, 1, "one answer");
	if (w.calls == 0)
		http_free(h);
	if (got != NULL)
		*got = xstrdup(server.got.data);
	server_stop(&server);
	loop_free(loop);
	return w;
}

static void
test_answers(void)
{
	struct http_config config = {0};
	struct http_request get = {.method = "GET"};
	struct waiter w;
	char *got;

	w = exchange(&config, &get,
	    "HTTP/1.1 200 OK\r\nContent-Type: text/x\r\n"
	    "Content-Length: 2\r\n\r\nhi",
	    &got);
	is_int(w.result, HTTP_OK, "200");
	is_text(w.body, "hi", "its body");
	is_text(w.type, "text/x", "its type");
	ok(w.distance_us > 0, "its distance (%d us)", (int)w.distance_us);
	is_int(http_distance_us(), 0, "which goes with the last user of it");
	ok(strncmp(got, "GET /a%20b HTTP/1.1\r\n", 21) == 0, "request line");
	ok(strstr(got, "User-Agent: itrack/") != NULL, "user agent");
	ok(strstr(got, "Expect") == NULL && strstr(got, "Origin") == NULL,
	    "neither Expect nor Origin");
	ok(strstr(got, "Authorization") == NULL, "no credentials");
	free(got);

	w = exchange(&config, &get,
	    "HTTP/1.1 503 Busy\r\nretry-after:  7 \r\n"
	    "Content-Length: 0\r\n\r\n",
	    NULL);
	is_int(w.result, HTTP_LATER, "503 later");
	is_int(w.retry_after_ms, 7000, "Retry-After");
	is_int(w.rest_ms, 0, "no rate limit");

	w = exchange(&config, &get,
	    "HTTP/1.1 200 OK\r\nRateLimit-Remaining: 0\r\n"
	    "RateLimit-Reset: 9\r\nContent-Length: 0\r\n\r\n",
	    NULL);
	is_int(w.rest_ms, 9000, "a rate limit that is reached");
	w = exchange(&config, &get,
	    "HTTP/1.1 200 OK\r\nRateLimit-Reset: 9\r\n"
	    "RateLimit-Remaining: 1\r\nContent-Length: 0\r\n\r\n",
	    NULL);
	is_int(w.rest_ms, 0, "and one that is not");

	w = exchange(&config, &get,
	    "HTTP/1.1 503 Busy\r\nretry-after:  7 \r\n"
	    "Content-Length: 0\r\n\r\n",
	    NULL);
	ok(w.ambiguous, "503 may have been done");
	is_text(w.error, "HTTP 503", "its error");

	w = exchange(&config, &get,
	    "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf", NULL);
	is_int(w.result, HTTP_LATER, "half an answer: later");
	ok(w.ambiguous, "it may have been done");

	get.answer_max = 3;
	w = exchange(&config, &get,
	    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlong", NULL);
	is_int(w.result, HTTP_REFUSED, "too long an answer");

	get.answer_max = 0;
	get.timeout_ms = 50;
	w = exchange(&config, &get, NULL, NULL);
	is_int(w.result, HTTP_LATER, "no answer in time");
	ok(w.ambiguous && !w.unreachable, "the server is there all the same");
	ok(strstr(w.error, "no answer in 0 s") != NULL, "said: %s", w.error);
}

static void
goes_by(const char *no_proxy, const char *url, const char *proxy)
{
	static const struct http plain;

	setenv("NO_PROXY", no_proxy, 1);
	ok(strcmp(http_proxy_of(&plain, url), proxy) == 0,
	    "%s, NO_PROXY=%s: %s", url, no_proxy, http_proxy_of(&plain, url));
}

static void
test_proxies(void)
{
	static const char p[] = "http://p:3128", q[] = "http://q:1";
	struct http own = {.http_proxy = (char *)q};
	struct http_config config = {0};
	struct http_request get = {.method = "GET"};
	struct waiter w;
	char *got;

	proxied = "http://host.invalid:8080/x";
	proxy_name = "HTTP_PROXY";
	w = exchange(&config, &get,
	    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &got);
	is_int(w.result, HTTP_OK, "HTTP_PROXY in capitals");
	ok(strncmp(got, "GET http://host.invalid:8080/x ", 31) == 0,
	    "a proxy is asked for the whole address");
	free(got);
	proxied = NULL;
	setenv("HTTP_PROXY", p, 1);
	setenv("https_proxy", q, 1);
	goes_by("", "http://Host.example:80/", p);
	goes_by("", "https://host.example/", q);
	goes_by("host.example", "http://Host.example:80/", "");
	goes_by("example", "http://host.example/", "");
	goes_by("a, .example", "http://host.example/", "");
	goes_by("*.example", "http://host.example/", "");
	goes_by("*", "http://host.example/", "");
	goes_by("host.example:80", "http://host.example/", "");
	goes_by("host.example:443", "https://host.example/", "");
	goes_by("host.example:81", "http://host.example/", p);
	goes_by("ost.example,x", "http://host.example/", p);
	goes_by("10.0.0.0/8", "http://10.1.2.3:5000/", "");
	goes_by("10.0.0.0/8", "http://11.1.2.3:5000/", p);
	goes_by("10.1.2.0/23", "http://10.1.3.3/", "");
	goes_by("10.1.2.0/x", "http://10.1.2.0/", p);
	goes_by("127.0.0.1:5000", "http://127.0.0.1:5000/", "");
	goes_by("::1", "http://[::1]:5000/", "");
	goes_by("[::1]:5000", "http://[::1]:5000/", "");
	goes_by("[::1]:5001", "http://[::1]:5000/", p);
	goes_by("fd00::/8", "http://[fd00::1]/", "");
	is_text(http_proxy_of(&own, "http://[fd00::1]/"), q,
	    "a tracker's own proxy stands above NO_PROXY");
	unsetenv("NO_PROXY");
	setenv("http_proxy", "", 1);
	goes_by("", "http://host.example/", "");
	unsetenv("http_proxy");
	setenv("REQUEST_METHOD", "GET", 1);
	goes_by("", "http://host.example/", "");
	unsetenv("REQUEST_METHOD");
	unsetenv("HTTP_PROXY");
	setenv("ALL_PROXY", q, 1);
	goes_by("", "http://host.example/", q);
	unsetenv("ALL_PROXY");
	unsetenv("https_proxy");
	unsetenv("NO_PROXY");
}

/* A request that is under way is not given up while there is patience. */
static void
test_patience(void)
{
	static const char hi[] =
	    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
	struct http_config config = {0};
	struct http_request get = {.method = "GET", .timeout_ms = 50};
	struct waiter w;

	think_ms = 300;
	w = exchange(&config, &get, hi, NULL);
	is_int(w.result, HTTP_LATER, "slower than its limit: given up");
	http_set_patience(clock_mono_ms() + LIMIT_MS);
	w = exchange(&config, &get, hi, NULL);
	is_int(w.result, HTTP_OK, "with patience: answered");
	get.timeout_is_users = true;
	w = exchange(&config, &get, hi, NULL);
	is_int(w.result, HTTP_LATER, "the user's own limit stays");
	get.timeout_is_users = false;
	http_set_patience(clock_mono_ms() + 150);
	w = exchange(&config, &get, hi, NULL);
	is_int(w.result, HTTP_LATER, "patience has its end");
	http_set_patience(0);
	think_ms = 0;
}

static void
test_bodies(void)
{
	struct http_config config = {.user = "ana", .password = "secret"};
	const char *headers[] = {"Content-Type: application/json", NULL};
	struct http_request r = {.method = "POST",
	    .headers = headers,
	    .body = "{\"a\":1}",
	    .body_len = 7};
	char path[] = "/tmp/itrack-test-http-XXXXXX";
	int fd = mkstemp(path);
	struct waiter w;
	char *got;

	w = exchange(
	    &config, &r, "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", &got);
	is_int(w.result, HTTP_DENIED, "401 denied");
	ok(strstr(got, "Authorization: Basic YW5hOnNlY3JldA==\r\n") != NULL,
	    "Basic credentials");
	ok(strstr(got, "Content-Type: application/json\r\n") != NULL, "type");
	ok(strstr(w.error, "secret") == NULL, "no password in the error");
	free(got);

	unlink(path);
	ok(write(fd, "skipfile body", 13) == 13, "a file to send");
	r = (struct http_request){.method = "PUT",
	    .from_file = true,
	    .file = fd,
	    .file_offset = 4,
	    .body_len = 9};
	config = (struct http_config){.bearer = "tok"};
	w = exchange(
	    &config, &r, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &got);
	is_int(w.result, HTTP_OK, "file sent");
	ok(strstr(got, "Content-Length: 9\r\n") != NULL, "its length");
	ok(strstr(got, "Authorization: Bearer tok\r\n") != NULL, "token");
	free(got);

	r.body_len = 100;
	w = exchange(&config, &r, NULL, NULL);
	is_int(w.result, HTTP_REFUSED, "a file that shrank");
	close(fd);

	/* A directory can't be read, as a file on a sick disk can't. */
	r.file = fd = open("/", O_RDONLY | O_DIRECTORY);
	w = exchange(&config, &r, NULL, NULL);
	is_int(w.result, HTTP_LATER, "a file that can't be read now");
	ok(strstr(w.error, "Is a directory") != NULL, "and why");
	close(fd);
}

#define FLOOD_MAX 32
static int flood[FLOOD_MAX];

/* Takes connections and never answers. */
static void
on_flood(struct loop_io *io, uint32_t events)
{
	struct server *s = io->data;

	(void)events;
	if (s->connections < FLOOD_MAX)
		flood[s->connections++] = accept(io->fd, NULL, NULL);
}

/* Requests of those that share a server wait for each other, over all processes;
 * a second handle stands for a second process. */
static void
test_gate(void)
{
	struct loop *loop = loop_new();
	struct http_config config = {0};
	struct err err = ERR_INIT;
	struct http *a = http_new(loop, &config, &err);
	struct http *b = http_new(loop, &config, &err);
	struct waiter w = {.loop = loop};
	struct http_call *calls[HTTP_PLACES];
	struct server server;
	char url[64];
	struct http_request r = {
	    .method = "GET", .done = on_done, .url = url, .data = &w};

	server_start(&server, loop);
	server.listener.ready = on_flood;
	snprintf(url, sizeof url, "http://127.0.0.1:%d/", server.port);
	http_set_patience(clock_mono_ms() + 4 * (int64_t)LIMIT_MS);
	http_share(true);
	for (int i = 0; i < HTTP_PLACES; i++)
		calls[i] = http_start(i % 2 == 0 ? a : b, &r);
	http_start(b, &r);
	http_start(b, &r);
	run(loop, 1000);
	is_int(server.connections, HTTP_PLACES, "so many at once");
	http_cancel(calls[0]);
	run(loop, 1000);
	is_int(server.connections, HTTP_PLACES + 1, "one goes, one comes");
	http_free(a);
	run(loop, 1000);
	is_int(
	    server.connections, HTTP_PLACES + 2, "who goes leaves its places");
	http_share(false);
	http_start(b, &r);
	run(loop, 1000);
	is_int(server.connections, HTTP_PLACES + 3,
	    "who does not share, does not wait");
	http_free(b);
	http_set_patience(0);
	for (int i = 0; i < server.connections; i++)
		close(flood[i]);
	server_stop(&server);
	loop_free(loop);
}

static int
count(const char *text, const char *word)
{
	int n = 0;

	for (; (text = strstr(text, word)) != NULL; text++)
		n++;
	return n;
}

/* A request that the server sends on, each time, to `to`, with its port where
 * that has a %d. *got: the requests. */
static struct waiter
sent_on(const char *to, char **got)
{
	const struct http_config config = {.user = "ana", .password = "secret"};
	const char *headers[] = {
	    "Content-Type: application/json", "X-Own: mine", NULL};
	struct loop *loop = loop_new();
	struct server server;
	struct waiter w = {.loop = loop};
	struct err err = ERR_INIT;
	struct http *h = http_new(loop, &config, &err);
	struct http_request r = {.method = "POST",
	    .headers = headers,
	    .body = "body",
	    .body_len = 4,
	    .done = on_done,
	    .data = &w};
	char url[64], address[64], answer[256];

	server_start(&server, loop);
	snprintf(url, sizeof url, "http://127.0.0.1:%d/a/../b", server.port);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(address, sizeof address, to, server.port);
#pragma GCC diagnostic pop
	snprintf(answer, sizeof answer,
	    "HTTP/1.1 307 Go\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
	    address);
	server.answer = answer;
	r.url = url;
	w.free_in_done = h;
	http_start(h, &r);
	run(loop, LIMIT_MS);
	is_int(w.calls, 1, "sent on: one answer");
	*got = xstrdup(server.got.data);
	server_stop(&server);
	loop_free(loop);
	return w;
}

static void
test_redirects(void)
{
	static const char *const nowhere[] = {"file:///etc/hostname",
	    "ftp://127.0.0.1:%d/x", "gopher://127.0.0.1:%d/x", "http://"};
	struct waiter w;
	char *got;
	size_t i;

	w = sent_on("/next?key=secret2", &got);
	is_int(w.result, HTTP_DENIED, "sent on without end: denied");
	ok(strstr(w.error, "too many") != NULL, "says: %s", w.error);
	is_int(count(got, "POST /a/../b HTTP"), 1, "its path as it is");
	is_int(
	    count(got, "POST /next?key=secret2 HTTP"), 3, "three are enough");
	is_int(count(got, "\r\nbody") + count(got, "\r\n\r\nbody"), 8,
	    "each with the body");
	is_int(count(got, "Authorization:"), 4, "the same server: the login");
	free(got);

	w = sent_on("http://localhost:%d/next", &got);
	is_int(count(got, "POST /next HTTP"), 3, "to another host");
	is_int(count(got, "Authorization:"), 1, "without the login");
	is_int(count(got, "X-Own:"), 1, "without our own headers");
	is_int(count(got, "Content-Type: application/json"), 4,
	    "with those of the content");
	free(got);

	w = sent_on("http://u:secret2@127.0.0.1:%d/next", &got);
	is_int(count(got, "Authorization: Basic YW5hOnNlY3JldA=="), 4,
	    "a login that the server gives is not taken");
	free(got);

	for (i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
		w = sent_on(nowhere[i], &got);
		is_int(w.result, HTTP_DENIED, nowhere[i]);
		is_int(count(got, "HTTP/1.1"), 1, "not gone to");
		ok(strstr(w.error, "HTTP 307: not followed") != NULL &&
			strstr(w.error, "secret2") == NULL,
		    "says: %s", w.error);
		free(got);
	}
}

static void
test_addresses(void)
{
	static const struct {
		const char *own, *url;
		bool same, allowed;
	} cases[] = {
	    {"http://h", "http://h/x?y", true, true},
	    {"http://h:80/", "HTTP://H/", true, true},
	    {"https://h", "https://h:443/x", true, true},
	    {"http://h", "http://h:81", false, true},
	    {"http://h", "https://h", false, true},
	    {"http://h", "http://h.x", false, true},
	    {"http://h", "http://%68/", true, true},
	    {"http://h", "http://h@other/", false, false},
	    {"http://h", "http://u:p@h/", false, false},
	    {"https://h", "http://h/", false, false},
	    {"https://h", "HTTP://h/", false, false},
	    {"https://h", "https://other/", false, true},
	    {"http://h", "file:///etc/passwd", false, false},
	    {"http://h", "ftp://h/", false, false},
	    {"http://h", "gopher://h/", false, false},
	    {"http://h", "/x", false, false},
	    {"http://h", "", false, false},
	    {"http://h", "http://", false, false},
	};
	struct err err = ERR_INIT;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		is_int(http_same_origin(cases[i].own, cases[i].url),
		    cases[i].same, cases[i].url);
		is_int(
		    http_check_address(cases[i].own, cases[i].url, &err) == 0,
		    cases[i].allowed, "  may it be gone to");
	}
	http_check_address("https://h", "http://u:p@s/x?sig=1#2", &err);
	ok(strstr(err.message, "http://s/x") != NULL &&
		strstr(err.message, "sig") == NULL &&
		strstr(err.message, "p@") == NULL,
	    "named without its secrets: %s", err.message);
}

static void
test_no_server(void)
{
	struct loop *loop = loop_new();
	struct http_config config = {0};
	struct err err = ERR_INIT;
	struct http *h = http_new(loop, &config, &err);
	struct waiter w = {.loop = loop};
	struct http_request r = {.method = "GET",
	    .done = on_done,
	    .url = "http://127.0.0.1:1/",
	    .data = &w};
	struct http_call *call;

	http_start(h, &r);
	run(loop, LIMIT_MS);
	is_int(w.result, HTTP_LATER, "connection refused: later");
	ok(!w.ambiguous && w.unreachable, "surely not done: nobody there");

	r.url = "http://127.0.0.1:1/?sig=secret";
	r.given_by = "https://127.0.0.1/";
	http_start(h, &r);
	is_int(w.calls, 1, "an address that must not be: said from the loop");
	run(loop, LIMIT_MS);
	is_int(w.result, HTTP_DENIED, "denied");
	ok(strstr(w.error, "plain http") != NULL &&
		strstr(w.error, "secret") == NULL,
	    "says: %s", w.error);
	r.given_by = NULL;
	r.url = "ftp://127.0.0.1/";
	http_start(h, &r);
	run(loop, LIMIT_MS);
	is_int(w.result, HTTP_DENIED, "another protocol: denied");

	r.url = "http://127.0.0.1:1/";
	call = http_start(h, &r);
	http_cancel(call);
	run(loop, 50);
	is_int(w.calls, 3, "a cancelled call says nothing");
	http_start(h, &r);
	http_free(h);
	h = http_new(loop, &config, &err);
	w.free_in_done = h;
	r.given_by = "https://127.0.0.1/";
	http_start(h, &r);
	run(loop, LIMIT_MS);
	is_int(w.calls, 4, "done() of a call that went nowhere may free all");
	loop_free(loop);

	config.ca = "/nonexistent/ca.pem";
	loop = loop_new();
	h = http_new(loop, &config, &err);
	w.free_in_done = NULL;
	w.loop = loop;
	r.given_by = NULL;
	r.url = "https://127.0.0.1:1/";
	http_start(h, &r);
	run(loop, LIMIT_MS);
	ok(w.result == HTTP_DENIED && !w.unreachable &&
		strstr(w.error, "/nonexistent/ca.pem") != NULL,
	    "a missing CA file is named: %s", w.error);
	r.url = "http://127.0.0.1:1/";
	http_start(h, &r);
	run(loop, LIMIT_MS);
	ok(w.unreachable, "and no matter for plain http: %s", w.error);
	http_free(h);
	loop_free(loop);
}

static void
test_pure(void)
{
	struct buf b;

	is_int(http_status_result(204), HTTP_OK, "204");
	is_int(http_status_result(302), HTTP_REFUSED, "302");
	is_int(http_status_result(404), HTTP_REFUSED, "404");
	is_int(http_status_result(403), HTTP_DENIED, "403");
	is_int(http_status_result(429), HTTP_LATER, "429");
	is_int(http_status_result(500), HTTP_LATER, "500");
	is_int(http_status_result(501), HTTP_REFUSED, "501");
	is_int(http_retry_after_ms("12", 0), 12000, "seconds");
	is_int(http_retry_after_ms("-5", 0), 0, "negative seconds");
	is_int(http_retry_after_ms("99999999", 0), 3600000, "at most an hour");
	is_int(http_retry_after_ms("soon", 0), 0, "nonsense");
	is_int(http_retry_after_ms("Sun, 06 Nov 1994 08:49:37 GMT", 784111770),
	    7000, "a date");
	buf_init(&b, 100);
	http_escape(&b, "a b/\xc3\xa9%#", "/");
	is_text(b.data, "a%20b/%C3%A9%25%23", "escaped path");
	buf_release(&b);
}

static void
test_pace(void)
{
	int64_t began_ms = clock_mono_ms();
	bool in_pace = true;

	is_int(http_pace_wait_ms(), 0, "no limit, no wait");
	http_set_pace(50);
	is_int(http_pace_wait_ms(), 0, "the first one goes at once");
	for (int i = 1; i <= 20; i++) {
		int64_t at_ms = http_pace_wait_ms() + clock_mono_ms();

		in_pace = in_pace && at_ms >= began_ms + 20 * (int64_t)i;
	}
	ok(in_pace, "the others 20 ms apart");
	http_set_pace(0);
	is_int(http_pace_wait_ms(), 0, "no limit any more");
	http_hold(60000);
	ok(http_pace_wait_ms() > 50000, "a hold");
	ok(http_pace_wait_ms() > 50000, "is for all that come");
	http_set_pace(0);
	is_int(http_pace_wait_ms(), 0, "until it is over");
}

int
main(void)
{
	test_pure();
	test_pace();
	test_answers();
	test_patience();
	test_proxies();
	test_gate();
	test_bodies();
	test_redirects();
	test_addresses();
	test_no_server();
	return done_testing();
}

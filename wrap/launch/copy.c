#include "wrap/launch/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/closing.h"
#include "wrap/launch/descriptors.h"

#define COPY_BYTES (64 * 1024)
/* The numbers of the copier's descriptors. */
#define COPIER_OUT  1
#define COPIER_LINK 3
#define COPIER_PIPE 4
#define COPIER_HIGH 10
/* What launcher and copier say to each other on the link. */
#define WORD_ENDED '!'
#define WORD_DONE  '.' /* all is passed on, and the copier goes on */
#define WORD_LEFT  'x' /* all is passed on, and the copier leaves */

struct copy_line {
	size_t len;
	bool too_long;
	char data[COPY_LINE_MAX];
};

/* In memory that launcher and copier share. */
struct copy_shared {
	struct copy_line last;    /* whole and not blank */
	struct copy_line current; /* what came behind the last newline */
};

static bool
is_blank(const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] != ' ' && data[i] != '\t' && data[i] != '\r')
			return false;
	return true;
}

static void
set_line(struct copy_line *l, const char *data, size_t len)
{
	l->too_long = len > sizeof l->data;
	l->len = l->too_long ? 0 : len;
	memcpy(l->data, data, l->len);
}

static void
add_part(struct copy_line *l, const char *data, size_t len)
{
	if (len > sizeof l->data - l->len)
		l->too_long = true;
	if (l->too_long)
		return;
	memcpy(l->data + l->len, data, len);
	l->len += len;
}

/* Called when the line that began before this data ends in it. */
static void
end_current(struct copy_shared *s)
{
	if (s->current.too_long || !is_blank(s->current.data, s->current.len))
		s->last = s->current;
}

/* Looks from the end of the data, because of all lines only the last that is
 * not blank counts. */
static void
look(struct copy_shared *s, const char *data, size_t len)
{
	const char *newline = memrchr(data, '\n', len), *end = newline;

	if (newline == NULL) {
		add_part(&s->current, data, len);
		return;
	}
	for (;;) {
		const char *before = memrchr(data, '\n', (size_t)(end - data));
		const char *line = before != NULL ? before + 1 : data;

		if (before == NULL) {
			add_part(&s->current, data, (size_t)(end - data));
			end_current(s);
			break;
		}
		if (!is_blank(line, (size_t)(end - line))) {
			set_line(&s->last, line, (size_t)(end - line));
			break;
		}
		end = before;
	}
	set_line(&s->current, newline + 1, len - (size_t)(newline + 1 - data));
}

static bool
write_all(const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(COPIER_OUT, data, len);

		if (n >= 0) {
			data += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			struct pollfd out = {COPIER_OUT, POLLOUT, 0};

			poll(&out, 1, -1);
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

/* Returns 1: something was passed on; 0: nothing is there now; -1: the pipe has
 * ended, or nobody reads. */
static int
pass_on(struct copy_shared *s)
{
	static char data[COPY_BYTES];
	ssize_t n = read(COPIER_PIPE, data, sizeof data);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0)
		return -1;
	/* The reader gets the data first: nobody but us waits for the line. */
	if (!write_all(data, (size_t)n))
		return -1;
	look(s, data, (size_t)n);
	return 1;
}

static void
say(char word)
{
	send(COPIER_LINK, &word, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static _Noreturn void
copy_all(struct copy_shared *s)
{
	struct pollfd fds[2] = {
	    {COPIER_PIPE, POLLIN, 0}, {COPIER_LINK, POLLIN, 0}};
	int got = 0;
	char word;

	while (got >= 0) {
		if (poll(fds, 2, -1) < 0)
			continue;
		got = fds[0].revents != 0 ? pass_on(s) : 0;
		if (fds[1].revents == 0 || got != 0)
			continue;
		/* Everything that was written before the end is read by now. */
		bool asked = recv(COPIER_LINK, &word, 1, MSG_DONTWAIT) == 1;

		while (asked && (got = pass_on(s)) > 0)
			continue;
		if (asked && got >= 0)
			say(WORD_DONE);
		/* The launcher asks once, or it is gone. */
		fds[1].fd = -1;
	}
	/* The command's next write fails as ours did. */
	close(COPIER_PIPE);
	say(WORD_LEFT);
	_exit(0);
}

/* The copier keeps nothing of the command's but its output: who waits for the
 * end of its errors, or for a lock, must not wait for us. No signal ends us:
 * all are blocked, and the terminal's go to another session. */
static _Noreturn void
become_copier(struct copy_shared *s, int pipe_end, int link)
{
	int high = fcntl(pipe_end, F_DUPFD, COPIER_HIGH);
	int higher = fcntl(link, F_DUPFD, COPIER_HIGH);

	setsid();
	if (high < 0 || higher < 0 || dup2(high, COPIER_PIPE) < 0 ||
	    dup2(higher, COPIER_LINK) < 0)
		_exit(1);
	close(STDIN_FILENO);
	close(STDERR_FILENO);
	closing_range(COPIER_PIPE + 1, ~0U);
	fcntl(COPIER_PIPE, F_SETFL, O_NONBLOCK);
	if (chdir("/") < 0)
		_exit(1);
	copy_all(s);
}

static int
make_pair(int pair[2], bool link)
{
	int result = link
	    ? socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)
	    : pipe2(pair, O_CLOEXEC);

	return result < 0 || descriptors_pair_above(pair) < 0 ? -errno : 0;
}

int
copy_open(struct copy *c)
{
	int pipe_ends[2], link[2], result;
	pid_t pid;

	*c = (struct copy){.write_end = -1, .link = -1};
	if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
		return -EBADF;
	c->shared = mmap(NULL, sizeof *c->shared, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->shared == MAP_FAILED)
		return -errno;
	if ((result = make_pair(pipe_ends, false)) < 0 ||
	    (result = make_pair(link, true)) < 0)
		return result;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become_copier(c->shared, pipe_ends[0], link[1]);
	close(pipe_ends[0]);
	close(link[1]);
	c->pid = pid;
	c->write_end = pipe_ends[1];
	c->link = link[0];
	c->on = true;
	return 0;
}

void
copy_ask(const struct copy *c)
{
	char word = WORD_ENDED;

	send(c->link, &word, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool
copy_is_done(struct copy *c)
{
	char word;
	ssize_t n = recv(c->link, &word, 1, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	c->leaves = n <= 0 || word == WORD_LEFT;
	return true;
}

void
copy_reap(const struct copy *c)
{
	if (c->on && c->leaves)
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
}

void
copy_take_line(struct copy *c)
{
	const struct copy_shared *s = c->shared;
	const struct copy_line *l = &s->current;
	const char *begin, *end;

	c->whole = true;
	if (!l->too_long && is_blank(l->data, l->len))
		l = &s->last;
	if (l->too_long)
		return;
	begin = memchr(l->data, '{', l->len);
	end = memrchr(l->data, '}', l->len);
	if (begin == NULL || end == NULL || end < begin ||
	    !is_blank(l->data, (size_t)(begin - l->data)) ||
	    !is_blank(end + 1, (size_t)(l->data + l->len - end - 1)))
		return;
	c->line = begin;
	c->line_len = (size_t)(end + 1 - begin);
}

#include "wrap/launch/tracking.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "wrap/launch/preloadable.h"
#include "wrap/launch/home.h"
#include "wrap/launch/left_behind.h"
#include "wrap/launch/now.h"
#include "wrap/launch/environments.h"
#include "wrap/launch/shimlink.h"
#include "wrap/shim/message.h"

/* Below the folder that holds bin/. */
#define SHIM_PLACE "/libexec/itrack/itrack-preload.so"

/* A worker that dies is started once more. */
#define STARTS_MAX 2

static volatile int exec_errno;

#define TO(phase) (1U << (phase))

/* The moves of the tracking. The phases without a row are ends, which nothing
 * that happens afterwards changes. */
static const unsigned moves[TRACKING_OFF + 1] = {
    /* There may be something to track: a worker starts, or can't be started. */
    [TRACKING_LISTENS] = TO(TRACKING_WORKS) | TO(TRACKING_OFF),
    /* The worker says its last word, or it dies and another one starts. */
    [TRACKING_WORKS] = TO(TRACKING_WORKS) | TO(TRACKING_COMPLETE) |
	TO(TRACKING_INCOMPLETE) | TO(TRACKING_LOST) | TO(TRACKING_OFF),
};

static void
enter(struct tracking *t, enum tracking_phase phase)
{
	if ((moves[t->phase] & TO(phase)) != 0)
		t->phase = phase;
}

/* Is insideLLMs named anywhere in the arguments? */
static bool
names_insidellms(char *const *arguments)
{
	while (*arguments != NULL)
		if (strcasestr(*arguments++, "insidellms") != NULL)
			return true;
	return false;
}

void
tracking_prepare(struct tracking *t, char **arguments)
{
	char home[HOME_SIZE];

	t->link = -1;
	t->caller.fd = -1;
	t->hello_due_ms = -1;
	t->arguments = arguments;
	t->expected = names_insidellms(arguments);
	home_find(home);
	snprintf(
	    t->worker_path, sizeof(t->worker_path), "%s/%s", home, HOME_WORKER);
	snprintf(t->shim_path, sizeof(t->shim_path), "%s%s", home, SHIM_PLACE);
	t->channel = listen_open(t->name);
	if (t->channel < 0)
		tracking_off(t, -t->channel);
}

const char *
tracking_shim(struct tracking *t, const char *command)
{
	if (t->phase == TRACKING_OFF || shimlink_make(t->shim_path) < 0)
		return NULL;
	/* The loader complains of a library that is not there. */
	if (access(t->shim_path, R_OK) != 0)
		return NULL;
	return preloadable_command(command) ? t->shim_path : NULL;
}

void
tracking_mark(struct tracking *t, bool await_tick)
{
	t->launched.just_ticked = await_tick && now_await_tick();
	now_read(CLOCK_REALTIME, &t->launched.wall);
	now_read(CLOCK_REALTIME_COARSE, &t->launched.file_clock);
}

/* If it has its number already, dup2 would leave it close-on-exec. */
static bool
place(int fd, int number)
{
	return fd == number ? fcntl(fd, F_SETFD, 0) == 0
			    : dup2(fd, number) == number;
}

/* Runs in the vfork child. In a session of its own no key of the terminal and
 * no signal to the command's group reaches the worker, and what it writes to
 * the terminal doesn't stop it. */
static _Noreturn void
become_worker(const struct tracking *t, int link)
{
	sigset_t none;

	setsid();
	if (!place(t->channel, CHANNEL_FD) || !place(link, LINK_FD) ||
	    (t->caller.fd >= 0 && !place(t->caller.fd, CALLER_FD))) {
		exec_errno = errno;
		_exit(EXIT_NOT_FOUND);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(t->worker_path, t->arguments, t->environment);
	exec_errno = errno;
	_exit(EXIT_NOT_FOUND);
}

/* Sends the text in as many packets as it needs. */
static void
send_line(const struct tracking *t)
{
	static struct link_packet packet;

	packet.type = LINK_LINE;
	for (size_t at = 0; at < t->line_len; at += packet.message.len) {
		size_t len = t->line_len - at;

		if (len > LINK_DATA_MAX)
			len = LINK_DATA_MAX;
		packet.message.len = (uint32_t)len;
		memcpy(packet.message.data, t->line + at, len);
		link_send(t->link, &packet);
	}
}

void
tracking_line(struct tracking *t, const char *line, size_t len)
{
	t->end.output_read = true;
	t->line = line;
	t->line_len = len;
	if (t->link >= 0)
		send_line(t);
}

static void
send_known(struct tracking *t)
{
	static struct link_packet packet;

	t->launched.version = LINK_VERSION;
	t->launched.restarts = (uint32_t)t->starts - 1;
	t->launched.caller = t->caller.fd >= 0;
	t->launched.crowded = t->crowded;
	packet.type = LINK_LAUNCHED;
	packet.launched = t->launched;
	link_send(t->link, &packet);
	for (int i = 0; i < t->kept_len; i++) {
		packet.type = LINK_MESSAGE;
		packet.message = t->kept[i];
		link_send(t->link, &packet);
	}
	send_line(t);
	if (t->ended) {
		packet.type = LINK_ENDED;
		packet.ended = t->end;
		link_send(t->link, &packet);
	}
}

void
tracking_off(struct tracking *t, int code)
{
	t->start_errno = code;
	enter(t, TRACKING_OFF);
	if (t->channel >= 0)
		close(t->channel);
	t->channel = -1;
	listen_hang_up(&t->caller);
}

static void
start_worker(struct tracking *t)
{
	int pair[2], code;

	enter(t, TRACKING_WORKS);
	t->hello_due_ms = -1;
	t->starts++;
	if (t->environment == NULL)
		t->environment = environments_for_worker();
	if (t->environment == NULL) {
		tracking_off(t, ENOMEM);
		return;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, pair) < 0) {
		tracking_off(t, errno);
		return;
	}
	/* We send this before there is a worker, into the socket's queue: we
	 * may be killed before vfork() returns, and the worker must know its
	 * command all the same. */
	t->link = pair[0];
	send_known(t);
	exec_errno = 0;
	t->worker = vfork();
	if (t->worker == 0)
		become_worker(t, pair[1]);
	code = t->worker < 0 ? errno : exec_errno;
	close(pair[1]);
	listen_hang_up(&t->caller);
	if (code != 0) {
		if (t->worker > 0)
			while (
			    waitpid(t->worker, NULL, 0) < 0 && errno == EINTR)
				;
		t->worker = 0;
		close(pair[0]);
		t->link = -1;
		tracking_off(t, code);
	}
}

void
tracking_launched(struct tracking *t, pid_t command, bool preloaded)
{
	t->launched.command = command;
	t->launched.preloaded = preloaded;
}

void
tracking_begin(struct tracking *t, bool at_once, int64_t now_ms)
{
	t->begun_ms = now_ms;
	if (t->phase == TRACKING_OFF)
		return;
	if (at_once || !t->launched.preloaded)
		start_worker(t);
	else
		t->hello_due_ms = now_ms + TRACKING_HELLO_MS;
}

static void
keep(struct tracking *t, const struct link_message *message)
{
	if (t->kept_len < TRACKING_KEPT_MAX)
		t->kept[t->kept_len++] = *message;
}

static void
note_other(struct tracking *t, pid_t pid)
{
	pid_t *others = t->launched.others;

	if (pid == t->launched.command)
		return;
	for (size_t i = 0; i < LINK_OTHERS_MAX; i++)
		if (others[i] == pid)
			return;
	others[t->others_heard++ % LINK_OTHERS_MAX] = pid;
}

static void
on_left(pid_t pid, void *data)
{
	note_other(data, pid);
}

/* Is there a process that has said hello, or one that could not do so yet? */
static bool
has_living_other(struct tracking *t)
{
	if (left_behind_find(t->launched.command, t->name, on_left, t) < 0)
		return true;
	for (size_t i = 0; i < LINK_OTHERS_MAX; i++)
		if (t->launched.others[i] > 0 &&
		    (kill(t->launched.others[i], 0) == 0 || errno == EPERM))
			return true;
	return false;
}

/* Takes so many connections at the most. Returns 0 or a negative errno: no
 * connection can be taken. */
static int
read_channel(struct tracking *t, int max)
{
	static struct link_message message;
	int op;

	for (int i = 0; i < max && t->phase == TRACKING_LISTENS; i++) {
		op = listen_take(
		    t->channel, t->launched.command, &t->caller, &message);
		if (op < 0) {
			t->in_row = 0;
			return op == -EAGAIN ? 0 : op;
		}
		if (++t->in_row >= TRACKING_CROWD)
			t->crowded = true;
		if (op == 0)
			continue;
		t->hello = true;
		note_other(t, message.sender);
		if (op == MESSAGE_HELLO || (op == MESSAGE_SILENT && t->silent))
			continue;
		if (op == MESSAGE_SILENT) {
			keep(t, &message);
			/* There is nothing to track yet, and a program that
			 * does not speak is found as one that said no hello. */
			t->silent = true;
			continue;
		}
		if (op == MESSAGE_NESTED) {
			keep(t, &message);
			t->nested = true;
			t->expected = false;
			t->hello_due_ms = -1;
			continue;
		}
		/* This worker gets the message from its caller, with what came
		 * along; the next worker gets it from us. */
		start_worker(t);
		keep(t, &message);
	}
	return 0;
}

static void
read_link(struct tracking *t)
{
	struct link_packet packet;
	int got;

	while ((got = link_receive(t->link, &packet)) > 0) {
		if (packet.type == LINK_DRAINED) {
			enter(t,
			    packet.drained.complete != 0 ? TRACKING_COMPLETE
							 : TRACKING_INCOMPLETE);
			t->worker_stays = packet.drained.stays != 0;
		} else if (packet.type == LINK_RECORDED)
			t->recorded = packet.recorded;
		else if (packet.type == LINK_STOP)
			t->wants_stop = true;
		else if (packet.type == LINK_CLOSES)
			t->closes = true;
	}
	if (got == 0) {
		/* A signal tells of its death; here we only stop to listen. */
		close(t->link);
		t->link = -1;
	}
}

int
tracking_fd(const struct tracking *t)
{
	if (t->phase != TRACKING_LISTENS)
		return t->link;
	return t->caller.fd >= 0 ? t->caller.fd : t->channel;
}

void
tracking_read(struct tracking *t)
{
	if (t->phase == TRACKING_LISTENS) {
		/* We start the worker, because it may have more free
		 * descriptors than we have. */
		if (read_channel(t, TRACKING_TURN_MAX) < 0)
			start_worker(t);
	} else if (t->link >= 0)
		read_link(t);
}

void
tracking_waited(struct tracking *t, int64_t now_ms)
{
	/* The caller is stopped, if it is not just about to speak, and others
	 * wait behind it. */
	if (t->caller.fd >= 0 && t->hello_due_ms < 0)
		t->hello_due_ms = now_ms + TRACKING_HELLO_MS;
	if (t->phase == TRACKING_LISTENS && t->hello_due_ms >= 0 &&
	    now_ms >= t->hello_due_ms)
		start_worker(t);
}

void
tracking_worker_died(struct tracking *t, int status)
{
	t->launched.predecessor = t->worker;
	t->worker = 0;
	if (t->link >= 0) {
		read_link(t); /* its last words */
		if (t->link >= 0)
			close(t->link);
		t->link = -1;
	}
	if (t->phase != TRACKING_WORKS)
		return;
	t->worker_status = status;
	if (t->starts < STARTS_MAX)
		start_worker(t);
	else
		enter(t, TRACKING_LOST);
}

void
tracking_ended(struct tracking *t, const struct child *command,
    bool needs_worker, int64_t now_ms, int64_t drain_ms)
{
	struct link_packet packet = {.type = LINK_ENDED};

	t->ended = true;
	t->end.wait_status = command->status;
	t->end.stopped = t->stopped;
	t->end.usage = command->usage;
	now_read(CLOCK_REALTIME, &t->end.wall);
	t->end.until_ms = now_ms + drain_ms;
	if (t->phase == TRACKING_OFF)
		return;
	if (t->phase == TRACKING_LISTENS)
		/* We read the messages that came just before the end. */
		read_channel(t, CHANNEL_BACKLOG + 1);
	else if (t->link >= 0) {
		packet.ended = t->end;
		link_send(t->link, &packet);
	}
	/* The command may have made a run without a word, or left somebody
	 * behind who will. Or there was no room for its word. */
	if (t->phase == TRACKING_LISTENS &&
	    (!t->hello || t->expected || t->crowded || needs_worker ||
		t->caller.fd >= 0 ||
		(!t->nested && now_ms - t->begun_ms >= TRACKING_SHORT_MS) ||
		has_living_other(t)))
		start_worker(t);
}

bool
tracking_busy(const struct tracking *t)
{
	return t->phase == TRACKING_WORKS ||
	    (t->worker > 0 && !t->worker_stays);
}

void
tracking_hurry(struct tracking *t)
{
	struct link_packet packet = {.type = LINK_HURRY};

	if (t->link >= 0)
		link_send(t->link, &packet);
}

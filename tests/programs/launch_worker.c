/*
 * Stands in for the worker: writes what it is told, one thing a line, to the
 * file that ITRACK_FAKE_LOG names. ITRACK_FAKE_WORKER says what it does otherwise than a good
 * worker:
 *
 *	incomplete  says at the end that something is missing
 *	slow        drains only when it is told to hurry
 *	deaf        never answers; ends when the link does
 *	leave       closes the link when the command has ended, and lives on
 *	            until it is killed (a minute at the most)
 *	die         dies at once, every time
 *	die-once    dies at once, the first time
 *	die-late    dies when the command has ended, the first time
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../wrap/link/link.h"
#include "../../wrap/shim/message.h"

static const char *mode;

__attribute__((format(printf, 1, 2))) static void
note(const char *format, ...)
{
	const char *file = getenv("ITRACK_FAKE_LOG");
	char line[8192];
	va_list ap;
	int fd, len;

	va_start(ap, format);
	len = vsnprintf(line, sizeof(line) - 1, format, ap);
	va_end(ap);
	line[len++] = '\n';
	fd = open(file != NULL ? file : "/dev/null",
	    O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0 || write(fd, line, (size_t)len) != len)
		exit(3);
	close(fd);
}

static bool
is(const char *name)
{
	return mode != NULL && strcmp(mode, name) == 0;
}

static void
note_message(const char *from, const unsigned char *data, size_t len)
{
	static const char *const names[] = {
	    "?", "HELLO", "OPEN", "RENAME", "NESTED", "MARKING", "SILENT"};

	if (len >= MESSAGE_HEADER && data[1] <= MESSAGE_LAST)
		note("%s %s %.*s", from, names[data[1]],
		    (int)(len - MESSAGE_HEADER), data + MESSAGE_HEADER);
}

static void
read_channel(void)
{
	unsigned char data[MESSAGE_MAX];
	ssize_t got;
	int fd;

	/* No more than the queue holds: others may connect without end. */
	for (int i = 0; i <= CHANNEL_BACKLOG; i++) {
		fd = accept4(CHANNEL_FD, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			break;
		got = recv(fd, data, sizeof(data), 0);
		close(fd);
		if (got > 0)
			note_message("channel", data, (size_t)got);
	}
}

static void
read_caller(void)
{
	unsigned char data[MESSAGE_MAX];
	struct pollfd fd = {CALLER_FD, POLLIN, 0};
	ssize_t got;

	if (poll(&fd, 1, 0) == 0)
		note("silent caller");
	poll(&fd, 1, -1);
	got = recv(CALLER_FD, data, sizeof(data), 0);
	close(CALLER_FD);
	if (got > 0)
		note_message("caller", data, (size_t)got);
}

static void
note_state(void)
{
	char target[4096];
	sigset_t mask;
	ssize_t len;
	int extra = 0, blocked = 0;

	for (int fd = CHANNEL_FD + 1; fd < 256; fd++)
		extra += fcntl(fd, F_GETFD) >= 0;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int s = 1; s < 65; s++)
		blocked += sigismember(&mask, s) == 1;
	note("state own session %d, descriptors left %d, signals blocked %d",
	    getsid(0) == getpid(), extra, blocked);
	for (int fd = 0; fd < 2; fd++) {
		char link[32];

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = readlink(link, target, sizeof(target) - 1);
		note("state %d is %.*s", fd, (int)(len > 0 ? len : 0), target);
	}
	for (char **entry = environ; *entry != NULL; entry++)
		note("has %.*s", (int)strcspn(*entry, "="), *entry);
	note("environment socket %s, preload %s",
	    getenv(MESSAGE_SOCKET_VARIABLE) != NULL ? "set" : "not set",
	    getenv("LD_PRELOAD") != NULL ? getenv("LD_PRELOAD") : "not set");
}

static void
drained(uint32_t complete)
{
	struct link_packet packet = {.type = LINK_DRAINED};

	packet.drained.complete = complete;
	if (send(LINK_FD, &packet,
		offsetof(struct link_packet, drained) + sizeof(packet.drained),
		MSG_NOSIGNAL) < 0)
		note("the launcher is gone");
	exit(0);
}

static void
ended(const struct link_ended *end)
{
	int status = end->wait_status;

	if (WIFSIGNALED(status))
		note("ended signal %d", WTERMSIG(status));
	else
		note("ended status %d", WEXITSTATUS(status));
	read_channel();
	if (is("die-late"))
		kill(getpid(), SIGKILL);
	if (is("leave")) {
		/* Who waits for the end of our errors does not wait for us. */
		close(LINK_FD);
		close(STDERR_FILENO);
		alarm(60);
		for (;;)
			pause();
	}
	if (is("incomplete"))
		drained(0);
	if (!is("slow") && !is("deaf"))
		drained(1);
}

static void
take(const struct link_packet *packet)
{
	switch (packet->type) {
	case LINK_LAUNCHED:
		if (packet->launched.version != LINK_VERSION)
			note(
			    "launched by version %u", packet->launched.version);
		note("launched restarts %u preloaded %u",
		    packet->launched.restarts, packet->launched.preloaded);
		if (packet->launched.caller)
			read_caller();
		else
			note("no caller");
		if (packet->launched.restarts > 0 && !is("die"))
			mode = "good";
		if (is("die") || is("die-once"))
			kill(getpid(), SIGKILL);
		break;
	case LINK_MESSAGE:
		note_message("link", packet->message.data, packet->message.len);
		break;
	case LINK_ENDED:
		ended(&packet->ended);
		break;
	case LINK_HURRY:
		note("hurry");
		if (is("slow"))
			drained(0);
		break;
	}
}

int
main(int argc, char **argv)
{
	static struct link_packet packet;
	struct pollfd fds[2] = {{LINK_FD, POLLIN, 0}, {CHANNEL_FD, POLLIN, 0}};

	mode = getenv("ITRACK_FAKE_WORKER");
	for (int i = 0; i < argc; i++)
		note("argument %s", argv[i]);
	note_state();
	for (;;) {
		ssize_t got;

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return 1;
		/* What the launcher has read comes first. */
		while ((got = recv(LINK_FD, &packet, sizeof(packet),
			    MSG_DONTWAIT)) > 0)
			take(&packet);
		read_channel();
		if (got == 0) {
			note("link closed");
			return 0;
		}
	}
}

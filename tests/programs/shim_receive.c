/*
 * Runs a command with the preload library and prints the messages that it
 * sends, one a line, to standard error behind the command's own: "HELLO",
 * "MARKING /path", "OPEN /path", "RENAME /path", "SILENT". With SHOW_ALONG in
 * the environment all is received when the command has ended, and what came
 * along with each stands below it, "  /path" as it is by then. Ends with the
 * command's status.
 *
 *	shim_receive LIBRARY command [argument]...
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../wrap/shim/message.h"

static bool show_along;

/* As a launcher in this place would say. */
static int
filters(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	int count = 0;

	while (status != NULL && fgets(line, sizeof(line), status) != NULL)
		sscanf(line, "Seccomp_filters: %d", &count);
	if (status != NULL)
		fclose(status);
	return count;
}

static int
listen_as(char *name, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd =
	    socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(name, size, "shim-test-%d.%d", getpid(), filters());
	memcpy(address.sun_path + 1, name, strlen(name));
	if (bind(fd, (struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
		    strlen(name))) < 0 ||
	    listen(fd, 4096) < 0)
		exit(125);
	return fd;
}

static ssize_t
receive(int fd, unsigned char *data, int along[MESSAGE_FDS])
{
	union {
		char bytes[CMSG_SPACE(sizeof(int[MESSAGE_FDS]))];
		struct cmsghdr header;
	} control;
	struct iovec part = {data, MESSAGE_MAX};
	struct msghdr msg = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	ssize_t got = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c = got >= 0 ? CMSG_FIRSTHDR(&msg) : NULL;

	memset(along, 0, sizeof(int[MESSAGE_FDS]));
	if (c != NULL)
		memcpy(along, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	return got;
}

/* Where it is by now, and that it can't be used for more. */
static void
print_along(int fd)
{
	char link[32], place[4096];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, place, sizeof(place));
	if (show_along)
		fprintf(stderr, "  %s%.*s\n",
		    (fcntl(fd, F_GETFL) & O_PATH) != 0 ? "" : "open ",
		    (int)(len > 0 ? len : 0), place);
	close(fd);
}

static void
print_messages(int fd)
{
	static const char *const names[] = {
	    "?", "HELLO", "OPEN", "RENAME", "NESTED", "MARKING", "SILENT"};
	unsigned char data[MESSAGE_MAX];
	ssize_t got;
	int caller, along[MESSAGE_FDS];

	while ((caller = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		got = receive(caller, data, along);
		close(caller);
		if (got < MESSAGE_HEADER || data[0] != MESSAGE_VERSION ||
		    data[1] > MESSAGE_LAST || data[2] != 0 || data[3] != 0) {
			fprintf(stderr, "not a message\n");
			continue;
		}
		fprintf(stderr, "%s%s%.*s\n", names[data[1]],
		    got > MESSAGE_HEADER ? " " : "",
		    (int)(got - MESSAGE_HEADER), data + MESSAGE_HEADER);
		for (int i = 0; i < MESSAGE_FDS && along[i] > 0; i++)
			print_along(along[i]);
	}
}

int
main(int argc, char **argv)
{
	struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLIN}};
	char name[64], preload[4096];
	const char *before = getenv("LD_PRELOAD");
	sigset_t set;
	pid_t pid;
	int status;

	if (argc < 3)
		return 125;
	show_along = getenv("SHOW_ALONG") != NULL;
	fds[0].fd = listen_as(name, sizeof(name));
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fds[1].fd = signalfd(-1, &set, SFD_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		snprintf(preload, sizeof(preload), "%s%s%s",
		    before != NULL ? before : "", before != NULL ? ":" : "",
		    argv[1]);
		setenv("LD_PRELOAD", preload, 1);
		setenv(MESSAGE_SOCKET_VARIABLE, name, 1);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	do {
		poll(fds + show_along, (nfds_t)2 - show_along, -1);
		if (!show_along)
			print_messages(fds[0].fd);
	} while (waitpid(pid, &status, WNOHANG) == 0);
	print_messages(fds[0].fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/*
 * Runs a command with the preload library and prints the messages that it
 * sends, one a line, to standard error behind the command's own: "HELLO",
 * "MARKING /path", "OPEN /path", "RENAME /path", "SILENT". Ends with the
 * command's status.
 *
 *	shim_receive LIBRARY command [argument]...
 */
#include <poll.h>
#include <signal.h>
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

static void
print_messages(int fd)
{
	static const char *const names[] = {
	    "?", "HELLO", "OPEN", "RENAME", "NESTED", "MARKING", "SILENT"};
	unsigned char data[MESSAGE_MAX];
	ssize_t got;
	int caller;

	while ((caller = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		got = recv(caller, data, sizeof(data), 0);
		close(caller);
		if (got < MESSAGE_HEADER || data[0] != MESSAGE_VERSION ||
		    data[1] > MESSAGE_LAST || data[2] != 0 || data[3] != 0) {
			fprintf(stderr, "not a message\n");
			continue;
		}
		fprintf(stderr, "%s%s%.*s\n", names[data[1]],
		    got > MESSAGE_HEADER ? " " : "",
		    (int)(got - MESSAGE_HEADER), data + MESSAGE_HEADER);
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
		poll(fds, 2, -1);
		print_messages(fds[0].fd);
	} while (waitpid(pid, &status, WNOHANG) == 0);
	print_messages(fds[0].fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#include "wrap/launch/left_behind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wrap/link/procstat.h"
#include "wrap/shim/message.h"

/* The last number in "0.00 0.01 0.05 1/123 4567" is the newest process ID in
 * our namespace. 0: it is not known. */
static pid_t
newest(void)
{
	int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	const char *last;
	char text[128];
	ssize_t len;

	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return 0;
	text[len] = '\0';
	last = strrchr(text, ' ');
	return last != NULL ? (pid_t)strtol(last, NULL, 10) : 0;
}

/* Does the environment of the process have this text, which ends with a NUL? 1,
 * 0, or -EAGAIN: the process has none just now, as in the middle of an exec. */
static int
has_in_environment(pid_t pid, const char *text, size_t len)
{
	int has = procstat_holds(pid, "environ", text, len);
	struct procstat stat;

	if (has == -ENODATA && procstat_read(pid, &stat) && stat.state != 'Z')
		return -EAGAIN;
	return has > 0;
}

int
left_behind_find(pid_t command, const char *name,
    void (*found)(pid_t pid, void *data), void *data)
{
	pid_t last = newest();
	char text[128];
	int len =
	    snprintf(text, sizeof(text), MESSAGE_SOCKET_VARIABLE "=%s", name);
	int result = 0;

	if (last == 0 || last == command)
		return 0;
	/* The IDs begin anew at their maximum. */
	if (last < command || last - command > LEFT_BEHIND_LOOKED_AT_MAX)
		return -EAGAIN;
	for (pid_t pid = command + 1; pid <= last; pid++) {
		int has = has_in_environment(pid, text, (size_t)len + 1);

		if (has > 0)
			found(pid, data);
		else if (has < 0)
			result = has;
	}
	return result;
}

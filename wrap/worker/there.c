#include "wrap/worker/there.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"

int
there_open_file(int fd)
{
	char link[64];
	int file;

	if (fd <= 0)
		return 0;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	file = open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file < 0)
		return file_is_unknown(-errno) ? -errno : 0;
	return file > 0 ? file : 0;
}

#include "wrap/launch/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int
streams_above(int fd)
{
	int moved, code;

	if (fd > STDERR_FILENO)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	code = errno;
	close(fd);
	errno = code;
	return moved;
}

int
streams_pair_above(int pair[2])
{
	int code;

	for (int i = 0; i < 2; i++) {
		int moved = streams_above(pair[i]);

		if (moved < 0) {
			code = errno;
			close(pair[1 - i]);
			errno = code;
			return -1;
		}
		pair[i] = moved;
	}
	return 0;
}

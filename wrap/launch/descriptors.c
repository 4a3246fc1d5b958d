#include "wrap/launch/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/closing.h"

int
descriptors_above(int fd)
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
descriptors_pair_above(int pair[2])
{
	int code;

	for (int i = 0; i < 2; i++) {
		int moved = descriptors_above(pair[i]);

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

/* Moves them to 3 and up, the lowest first, so that none takes the place of another.
 * Returns the first number behind them. */
static int
move_down(int *const ours[], size_t len)
{
	int next = STDERR_FILENO + 1;

	for (;;) {
		int *lowest = NULL;

		for (size_t i = 0; i < len; i++)
			if (*ours[i] >= next &&
			    (lowest == NULL || *ours[i] < *lowest))
				lowest = ours[i];
		if (lowest == NULL)
			return next;
		if (*lowest != next)
			dup3(*lowest, next, O_CLOEXEC);
		*lowest = next++;
	}
}

void
descriptors_let_go(int *const ours[], size_t len)
{
	int first_not_ours;

	/* Then 0 is the lowest free number, so no spare one is needed. */
	close(STDIN_FILENO);
	if (open("/dev/null", O_RDWR) == STDIN_FILENO) {
		dup2(STDIN_FILENO, STDOUT_FILENO);
		if (fcntl(STDERR_FILENO, F_GETFD) < 0)
			dup2(STDIN_FILENO, STDERR_FILENO);
	} else {
		close(STDOUT_FILENO);
	}
	first_not_ours = move_down(ours, len);
	closing_range((unsigned)first_not_ours, ~0U);
}

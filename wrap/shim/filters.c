#include "wrap/shim/filters.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STATUS "/proc/thread-self/status"
#define MODE   "Seccomp:\t"
#define COUNT  "Seccomp_filters:\t"
/* COUNT, the digits of an int, NUL */
#define LINE_SIZE 32
/* Some hundred bytes at a time: the stack may be a signal handler's. */
#define CHUNK_SIZE 256

struct status {
	char line[LINE_SIZE]; /* the beginning of the one that is being read */
	size_t len;
	int mode, count;
};

/* Returns the number behind `key` if the line begins with it, else
 * `otherwise`. */
static int
number_behind(const char *line, const char *key, int otherwise)
{
	size_t len = strlen(key);
	int number = 0;

	if (strncmp(line, key, len) != 0)
		return otherwise;
	for (line += len; *line >= '0' && *line <= '9'; line++) {
		if (number > (INT_MAX - 9) / 10)
			return INT_MAX;
		number = number * 10 + (*line - '0');
	}
	return number;
}

static void
take(struct status *s, char c)
{
	if (c != '\n') {
		if (s->len < LINE_SIZE - 1)
			s->line[s->len++] = c;
		return;
	}
	s->line[s->len] = '\0';
	s->len = 0;
	s->mode = number_behind(s->line, MODE, s->mode);
	s->count = number_behind(s->line, COUNT, s->count);
}

static int
read_status(int fd)
{
	struct status s = {.mode = 0};
	char chunk[CHUNK_SIZE];
	long got;

	while ((got = syscall(SYS_read, fd, chunk, sizeof(chunk))) > 0)
		for (long i = 0; i < got; i++)
			take(&s, chunk[i]);
	if (got < 0)
		return FILTERS_UNKNOWN;
	return s.count > 0 ? s.count : s.mode != 0;
}

/* A kernel without seccomp does not know the question; then there is no
 * filter. */
static int
any_by_prctl(void)
{
	return syscall(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0) > 0;
}

int
filters_now(void)
{
	int fd =
	    (int)syscall(SYS_openat, AT_FDCWD, STATUS, O_RDONLY | O_CLOEXEC);
	int count;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? any_by_prctl()
							   : FILTERS_UNKNOWN;
	count = read_status(fd);
	syscall(SYS_close, fd);
	return count;
}

int
filters_at_start(void)
{
	return any_by_prctl() == 0 ? 0 : filters_now();
}

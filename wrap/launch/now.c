#include "wrap/launch/now.h"

#include <sys/syscall.h>
#include <unistd.h>

void
now_read(clockid_t clock, struct timespec *now)
{
	/* libc's call takes its place where a program has longer times than the
	 * system call. */
	if (sizeof(now->tv_sec) != sizeof(long) ||
	    syscall(SYS_clock_gettime, clock, now) < 0)
		clock_gettime(clock, now);
}

int64_t
now_ms(void)
{
	struct timespec now;

	now_read(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

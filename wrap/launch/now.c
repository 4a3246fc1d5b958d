#include "wrap/launch/now.h"

#include <sys/syscall.h>
#include <unistd.h>

/* The slowest clock of file times ticks every 10 ms. */
#define TICK_MAX_MS 12
#define TICK_NAP_NS 200000

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

bool
now_await_tick(void)
{
	struct timespec nap = {0, TICK_NAP_NS}, first, now;

	now_read(CLOCK_REALTIME_COARSE, &first);
	for (int i = 0; i < TICK_MAX_MS * (1000000 / TICK_NAP_NS); i++) {
		nanosleep(&nap, NULL);
		now_read(CLOCK_REALTIME_COARSE, &now);
		if (now.tv_nsec != first.tv_nsec)
			return true;
	}
	return false;
}

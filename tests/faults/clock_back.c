/*
 * A preload library: the wall clock is set back by an hour at the moment the
 * file that CLOCK_BACK names appears.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define HOUR_S 3600

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	const char *file = getenv("CLOCK_BACK");
	long result = syscall(SYS_clock_gettime, id, ts);

	if (result == 0 && id == CLOCK_REALTIME && file != NULL &&
	    access(file, F_OK) == 0)
		ts->tv_sec -= HOUR_S;
	return (int)result;
}

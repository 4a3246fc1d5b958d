/*
 * A preload library: time passes CLOCK_FAST times as fast, for all processes
 * below the first one that loads it, and waits are as much shorter. File times
 * stay those of the kernel, and so does the clock that is compared with them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS 1000000000LL

static int64_t factor = 1;
static int64_t base_ns[2]; /* CLOCK_REALTIME, CLOCK_MONOTONIC */

typedef long call_function(long, ...);

/* The next library's: ours stands before it. */
static call_function *
real_call(void)
{
	static call_function *call;

	if (call == NULL)
		call = (call_function *)dlsym(RTLD_NEXT, "syscall");
	return call;
}

static int64_t
real_ns(clockid_t id)
{
	struct timespec ts;

	real_call()(SYS_clock_gettime, id, &ts);
	return ts.tv_sec * NS + ts.tv_nsec;
}

__attribute__((constructor)) static void
begin(void)
{
	const char *fast = getenv("CLOCK_FAST");
	const char *base = getenv("CLOCK_FAST_BASE");
	char text[64];

	base_ns[0] = real_ns(CLOCK_REALTIME);
	base_ns[1] = real_ns(CLOCK_MONOTONIC);
	if (base != NULL) {
		char *next;

		base_ns[0] = strtoll(base, &next, 10);
		base_ns[1] = strtoll(next, NULL, 10);
	} else {
		snprintf(text, sizeof text, "%lld %lld", (long long)base_ns[0],
		    (long long)base_ns[1]);
		setenv("CLOCK_FAST_BASE", text, 1);
	}
	if (fast != NULL)
		factor = strtoll(fast, NULL, 10);
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int64_t ns;

	if (id != CLOCK_REALTIME && id != CLOCK_MONOTONIC)
		return (int)real_call()(SYS_clock_gettime, id, ts);
	ns = base_ns[id] + (real_ns(id) - base_ns[id]) * factor;
	ts->tv_sec = ns / NS;
	ts->tv_nsec = ns % NS;
	return 0;
}

static int
shorter(int ms)
{
	return ms <= 0 ? ms : (int)((ms + factor - 1) / factor);
}

int
epoll_wait(int fd, struct epoll_event *events, int max, int ms)
{
	return (int)real_call()(
	    SYS_epoll_pwait, fd, events, max, shorter(ms), NULL, 0);
}

int
poll(struct pollfd *fds, nfds_t count, int ms)
{
	return (int)real_call()(SYS_poll, fds, count, shorter(ms));
}

/* itrack asks the kernel itself. */
long
syscall(long number, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_clock_gettime)
		return clock_gettime((clockid_t)a[0], (struct timespec *)a[1]);
	if (number == SYS_epoll_pwait)
		a[3] = shorter((int)a[3]);
	return real_call()(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

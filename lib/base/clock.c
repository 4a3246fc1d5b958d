#include "base/clock.h"

#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define US_PER_SECOND 1000000
#define NS_PER_SECOND 1000000000
#define NS_PER_US     1000

static int64_t
saturated(int64_t seconds, int64_t per_second, int64_t rest)
{
	int64_t units;

	if (__builtin_mul_overflow(seconds, per_second, &units) ||
	    __builtin_add_overflow(units, rest, &units))
		return seconds < 0 ? INT64_MIN : INT64_MAX;
	return units;
}

int64_t
clock_ns(const struct timespec *time)
{
	return saturated(time->tv_sec, NS_PER_SECOND, time->tv_nsec);
}

int64_t
clock_us(const struct timespec *time)
{
	return saturated(
	    time->tv_sec, US_PER_SECOND, time->tv_nsec / NS_PER_US);
}

struct timespec
clock_timespec(int64_t ns)
{
	struct timespec time = {
	    .tv_sec = ns / NS_PER_SECOND, .tv_nsec = ns % NS_PER_SECOND};

	if (time.tv_nsec < 0) {
		time.tv_nsec += NS_PER_SECOND;
		time.tv_sec--;
	}
	return time;
}

int64_t
clock_clamp_us(int64_t wall_us)
{
	if (wall_us < CLOCK_FIRST_US)
		return CLOCK_FIRST_US;
	return wall_us > CLOCK_LAST_US ? CLOCK_LAST_US : wall_us;
}

/* Past libc: a preloaded library may stop its clock or make it run faster, and
 * who waits by such a clock waits for ever. (Not where a program has longer times
 * than the call.) */
static int64_t
read_us(clockid_t id)
{
	struct timespec ts;

	if (sizeof(ts.tv_sec) != sizeof(long) ||
	    syscall(SYS_clock_gettime, id, &ts) < 0)
		clock_gettime(id, &ts);
	return clock_us(&ts);
}

int64_t
clock_wall_us(void)
{
	struct timespec ts;

	/* What the caller means by the time of day may be another one. */
	clock_gettime(CLOCK_REALTIME, &ts);
	return clock_us(&ts);
}

int64_t
clock_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t
clock_cpu_us(void)
{
	return read_us(CLOCK_THREAD_CPUTIME_ID);
}

int64_t
clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

/* Floor division, so that times before 1970 keep a positive fraction. */
static time_t
split(int64_t wall_us, int *fraction_us)
{
	int64_t clamped_us = clock_clamp_us(wall_us);
	int64_t seconds = clamped_us / US_PER_SECOND;
	int64_t rest = clamped_us % US_PER_SECOND;

	if (rest < 0) {
		rest += US_PER_SECOND;
		seconds--;
	}
	*fraction_us = (int)rest;
	return (time_t)seconds;
}

/* Writes the year in four digits; strftime writes the year 1 as "1". */
static size_t
put_year(char *text, size_t size, const struct tm *tm)
{
	return (size_t)snprintf(
	    text, size, "%04u", (unsigned)(tm->tm_year + 1900) % 10000);
}

void
clock_compact(char text[CLOCK_COMPACT_SIZE], int64_t wall_us)
{
	struct tm tm;
	int fraction_us;
	time_t seconds = split(wall_us, &fraction_us);
	size_t n;

	gmtime_r(&seconds, &tm);
	n = put_year(text, CLOCK_COMPACT_SIZE, &tm);
	strftime(text + n, CLOCK_COMPACT_SIZE - n, "%m%dT%H%M%SZ", &tm);
}

void
clock_iso_local(char text[CLOCK_ISO_LOCAL_SIZE], int64_t wall_us)
{
	struct tm tm;
	int fraction_us;
	time_t seconds = split(wall_us, &fraction_us);
	size_t n;

	localtime_r(&seconds, &tm);
	n = put_year(text, CLOCK_ISO_LOCAL_SIZE, &tm);
	n += strftime(
	    text + n, CLOCK_ISO_LOCAL_SIZE - n, "-%m-%dT%H:%M:%S", &tm);
	if (fraction_us != 0)
		snprintf(
		    text + n, CLOCK_ISO_LOCAL_SIZE - n, ".%06d", fraction_us);
}

int64_t
clock_from_local(int64_t us)
{
	time_t seconds = us / 1000000;
	struct tm parts;

	if (gmtime_r(&seconds, &parts) == NULL)
		return us;
	parts.tm_isdst = -1;
	return (int64_t)mktime(&parts) * 1000000 + us % 1000000;
}

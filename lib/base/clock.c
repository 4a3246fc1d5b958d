#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#define US_PER_SECOND 1000000

static int64_t
read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * US_PER_SECOND + ts.tv_nsec / 1000;
}

int64_t
clock_wall_us(void)
{
	return read_us(CLOCK_REALTIME);
}

int64_t
clock_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
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
	int64_t seconds = wall_us / US_PER_SECOND;
	int64_t rest = wall_us % US_PER_SECOND;

	if (rest < 0) {
		rest += US_PER_SECOND;
		seconds--;
	}
	*fraction_us = (int)rest;
	return (time_t)seconds;
}

void
clock_compact(char text[CLOCK_COMPACT_SIZE], int64_t wall_us)
{
	struct tm tm;
	int fraction_us;
	time_t seconds = split(wall_us, &fraction_us);

	gmtime_r(&seconds, &tm);
	strftime(text, CLOCK_COMPACT_SIZE, "%Y%m%dT%H%M%SZ", &tm);
}

void
clock_iso_local(char text[CLOCK_ISO_LOCAL_SIZE], int64_t wall_us)
{
	struct tm tm;
	int fraction_us;
	time_t seconds = split(wall_us, &fraction_us);
	size_t n;

	localtime_r(&seconds, &tm);
	n = strftime(text, CLOCK_ISO_LOCAL_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	if (fraction_us != 0)
		snprintf(
		    text + n, CLOCK_ISO_LOCAL_SIZE - n, ".%06d", fraction_us);
}

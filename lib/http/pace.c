/* Limits how many requests begin in a second, and when the first one may. There
 * is one limit and one time for the whole process, because it is the process that
 * must not flood a server. */
#include "base/clock.h"
#include "http/http.h"

static int per_second; /* 0: no limit */
static int64_t next_ms, held_until_ms;

void
http_set_pace(int requests_per_second)
{
	per_second = requests_per_second;
	next_ms = 0;
}

void
http_hold(int64_t ms)
{
	held_until_ms = clock_mono_ms() + ms;
	if (next_ms < held_until_ms)
		next_ms = held_until_ms;
}

int64_t
http_held_ms(void)
{
	int64_t left_ms = held_until_ms - clock_mono_ms();

	return left_ms > 0 ? left_ms : 0;
}

int64_t
http_pace_wait_ms(void)
{
	int64_t now_ms = clock_mono_ms();
	int64_t at_ms = next_ms > now_ms ? next_ms : now_ms;

	if (per_second > 0)
		next_ms = at_ms + (1000 + per_second - 1) / per_second;
	return at_ms - now_ms;
}

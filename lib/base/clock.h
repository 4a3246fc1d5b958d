/*
 * The only file that asks what time it is. Records and entries carry the wall
 * clock's time; whoever waits uses the monotonic clock.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Microseconds since 1970-01-01 UTC. */
int64_t clock_wall_us(void);
/* Milliseconds, microseconds of a clock that never goes back and that nobody
 * but the kernel has a hand in. */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
/* Microseconds of processor time that this thread has had. */
int64_t clock_cpu_us(void);

/* The only conversions of a time that a file or a process gives. Nanoseconds
 * reach from 1677 to 2262, microseconds far beyond; a time outside becomes the
 * nearest one that can be expressed. */
int64_t clock_ns(const struct timespec *time);
int64_t clock_us(const struct timespec *time);

/* The reverse of clock_ns(), for any number. */
struct timespec clock_timespec(int64_t ns);

/* A wall time is clamped to years that every text form can express: from the
 * second day of the year 1 to the last but one of the year 9999, so that no
 * time zone leads out of them. */
#define CLOCK_FIRST_US INT64_C(-62135510400000000)
#define CLOCK_LAST_US  INT64_C(253402214399999999)
int64_t clock_clamp_us(int64_t wall_us);

/* Writes a wall time as "20261123T130842Z", which sorts as time does. This
 * function and the next one expect a time that went through clock_clamp_us. */
#define CLOCK_COMPACT_SIZE 17
void clock_compact(char text[CLOCK_COMPACT_SIZE], int64_t wall_us);

/* Local time as Python's datetime.now().isoformat() prints it:
 * "2026-11-23T09:02:14.008852", without a fraction if that is zero. */
#define CLOCK_ISO_LOCAL_SIZE 32
void clock_iso_local(char text[CLOCK_ISO_LOCAL_SIZE], int64_t wall_us);

/* A time that was read as if it were UTC, and is local time. */
int64_t clock_from_local(int64_t us);

#endif

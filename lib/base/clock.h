/*
 * The only file that asks what time it is. Wall clock is for what a record
 * or an entry says; waiting is by the monotonic clock.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Microseconds since 1970-01-01 UTC. */
int64_t clock_wall_us(void);
/* Milliseconds, microseconds of a clock that never goes back. */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);

/* "20261123T130842Z" of a wall time: sorts as time does. */
#define CLOCK_COMPACT_SIZE 17
void clock_compact(char text[CLOCK_COMPACT_SIZE], int64_t wall_us);

/* Local time as Python's datetime.now().isoformat() prints it:
 * "2026-11-23T09:02:14.008852", without a fraction if that is zero. */
#define CLOCK_ISO_LOCAL_SIZE 32
void clock_iso_local(char text[CLOCK_ISO_LOCAL_SIZE], int64_t wall_us);

#endif

/* Clocks as the kernel has them: a preloaded library may stop libc's, or shift
 * them, and who waits by such a clock waits for ever. */
#ifndef LAUNCH_NOW_H
#define LAUNCH_NOW_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

void now_read(clockid_t clock, struct timespec *now);
/* Milliseconds of a clock that never goes back. */
int64_t now_ms(void);
/* Sleeps until the clock of file times ticks. Such a clock stands still for some
 * milliseconds at the most, else it is not waited for, and this returns false. */
bool now_await_tick(void);

#endif

/*
 * Stops the command when the worker asks for it, by --stop-if: SIGINT to the
 * command itself, and SIGTERM when that was in vain. The launcher is the
 * command's parent: as long as it has not waited for it, no other process can
 * have its number.
 *
 *	stop_ask(&stop, pid, now_ms);          as often as the worker asks
 *	due_ms = stop_turn(&stop, pid, now_ms);
 *
 * Only for a command that has not been waited for.
 */
#ifndef LAUNCH_STOP_H
#define LAUNCH_STOP_H

#include <stdint.h>
#include <sys/types.h>

/* A zeroed struct stop has stopped nothing. */
struct stop {
	uint32_t sent; /* signals by now */
	int64_t due_ms;
};

void stop_ask(struct stop *stop, pid_t command, int64_t now_ms);
/* Sends what is due. Returns when something will be, or -1. */
int64_t stop_turn(struct stop *stop, pid_t command, int64_t now_ms);

#endif

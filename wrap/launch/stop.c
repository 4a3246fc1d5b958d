#include "wrap/launch/stop.h"

#include <signal.h>

#include "wrap/link/link.h"

void
stop_ask(struct stop *stop, pid_t command, int64_t now_ms)
{
	if (stop->sent > 0)
		return;
	stop->sent++;
	stop->due_ms = now_ms + LINK_STOP_MS;
	kill(command, SIGINT);
}

int64_t
stop_turn(struct stop *stop, pid_t command, int64_t now_ms)
{
	if (stop->sent != 1)
		return -1;
	if (now_ms < stop->due_ms)
		return stop->due_ms;
	stop->sent++;
	kill(command, SIGTERM);
	return -1;
}

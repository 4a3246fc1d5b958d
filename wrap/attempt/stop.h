/*
 * How a program that delivers is asked to stop: SIGINT, SIGTERM and SIGHUP set
 * a flag, in the loop; SIGPIPE and SIGXFSZ become errors of the call.
 *
 *	stop_init(&stop, loop);
 *	... if (stop.asked) ...
 *	stop_release(&stop, loop);
 */
#ifndef WRAP_ATTEMPT_STOP_H
#define WRAP_ATTEMPT_STOP_H

#include <stdbool.h>

#include "base/loop.h"

struct stop {
	bool asked;
	struct loop_io io; /* private */
};

void stop_init(struct stop *stop, struct loop *loop);
void stop_release(struct stop *stop, struct loop *loop);

#endif

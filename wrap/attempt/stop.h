/*
 * Lets the user stop a program that delivers: the loop sets a flag for SIGINT,
 * SIGTERM and SIGHUP. SIGPIPE and SIGXFSZ become errors of the call that caused
 * them.
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

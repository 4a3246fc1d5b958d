/*
 * Stops the command for a rule of --stop-if: the launcher, its parent, is asked
 * for it. Where the launcher is gone, the worker sends the signals itself, by a
 * pidfd that it opened while the command was still the launcher's child: no other
 * process can be meant.
 *
 *	stopper_prepare(&s, loop, command);     the launcher is there
 *	stopper_ask(&s, link);                  a rule holds
 *	stopper_turn(&s, link);                 in each turn; link -1: gone
 *	stopper_release(&s);
 */
#ifndef WRAP_WORKER_STOPPER_H
#define WRAP_WORKER_STOPPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/loop.h"

struct stopper {
	struct loop *loop;
	int command;  /* a pidfd; -1: none is to be had */
	bool asked;   /* by a rule */
	bool told;    /* the launcher knows it */
	uint32_t own; /* signals that the worker has sent itself */
	struct loop_timer timer;
};

void stopper_prepare(struct stopper *s, struct loop *loop, pid_t command);
void stopper_ask(struct stopper *s);
void stopper_turn(struct stopper *s, int link);
void stopper_release(struct stopper *s);

#endif

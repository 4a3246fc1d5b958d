/*
 * What import and sync share: several attempts, a few at a time, each read,
 * ended and delivered until everything is there or nothing moves any more.
 *
 *	d = deliver_new(options, state_dir, &report);
 *	config = deliver_config(d);  ... attempt_new(&a, &config, &err);
 *	deliver_add(d, a, follow);           may deliver some of the older ones
 *	complete = deliver_run(d);           the rest; all is in the report
 *	deliver_free(d);
 *
 * SIGINT, SIGTERM and SIGHUP end it at once; what is left stays in the
 * journals.
 */
#ifndef WRAP_ITRACK_DELIVER_H
#define WRAP_ITRACK_DELIVER_H

#include "wrap/attempt/attempt.h"
#include "wrap/attempt/report.h"

struct deliver;

struct deliver *deliver_new(const struct options *options,
    const char *state_dir, struct report *report);
void deliver_free(struct deliver *d);

/* Loop, options, state directory and callbacks filled in. */
struct attempt_config deliver_config(struct deliver *d);

/* Takes the attempt over. `follow`: its run goes on; it is ended when a
 * manifest of it is there and nothing has changed for a while. */
void deliver_add(struct deliver *d, struct attempt *a, bool follow);

/* True if every attempt is complete everywhere. */
bool deliver_run(struct deliver *d);

/* For a program that goes on: `closed` is called with each attempt that is done
 * with, before it goes; deliver_wait() turns the loop until deliver_wake() was
 * called. False: a signal has stopped it. */
void deliver_on_closed(struct deliver *d,
    void (*closed)(struct attempt *a, bool complete, void *data), void *data);
bool deliver_wait(struct deliver *d);
void deliver_wake(struct deliver *d);
bool deliver_is_stopped(const struct deliver *d);

#endif

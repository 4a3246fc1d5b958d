/*
 * Shared by import and sync: reads, ends and delivers several attempts, a few
 * at a time, until everything is delivered or there is no more progress.
 *
 *	d = deliver_new(options, state_dir, &report);
 *	config = deliver_config(d);  ... attempt_new(&a, &config, &err);
 *	deliver_add(d, a, follow);           may deliver some of the older ones
 *	complete = deliver_run(d);           the rest; all is in the report
 *	deliver_free(d);
 *
 * SIGINT, SIGTERM and SIGHUP end it at once, where it does not follow runs;
 * undelivered entries stay in the journals.
 */
#ifndef WRAP_ITRACK_DELIVER_H
#define WRAP_ITRACK_DELIVER_H

#include "wrap/attempt/attempt.h"
#include "wrap/attempt/report.h"

struct deliver;

struct deliver *deliver_new(const struct options *options,
    const char *state_dir, struct report *report);
void deliver_free(struct deliver *d);

/* A config with loop, options, state directory and callbacks filled in. */
struct attempt_config deliver_config(struct deliver *d);

/* So many runs are to be done: of many the report has the totals, and how far it is
 * is said meanwhile. deliver_pass_over: one of them that is not added. */
void deliver_expect(struct deliver *d, size_t total);
void deliver_pass_over(struct deliver *d);

/* Before the others: attempts may follow runs that go on, so deliver_config()
 * has a tree. Signals end only deliver_wait(), and then come deliver_finish(). */
void deliver_follow_runs(struct deliver *d);

/* Takes the attempt over. `follow`: its run goes on; the attempt ends when its
 * manifest exists and nothing has changed for a while, or when its directory was
 * replaced. */
void deliver_add(struct deliver *d, struct attempt *a, bool follow);
/* Delivers those that are kept to be delivered with others, and waits for that. */
void deliver_empty(struct deliver *d);

/* Returns true if every tracker has taken every attempt completely. */
bool deliver_run(struct deliver *d);

/* For a program that goes on: `closed` is called with each finished attempt
 * before it is freed; deliver_wait() runs the loop until deliver_wake() is
 * called. False: a signal has stopped it. */
void deliver_on_closed(struct deliver *d,
    void (*closed)(struct attempt *a, bool complete, void *data), void *data);
bool deliver_wait(struct deliver *d);
void deliver_wake(struct deliver *d);
bool deliver_is_stopped(const struct deliver *d);
/* Calls it with each attempt that is at work. */
void deliver_each(const struct deliver *d,
    void (*each)(const struct attempt *a, void *data), void *data);
/* Ends the followed attempts of this directory, which is gone. */
void deliver_end(struct deliver *d, const char *run_dir);
/* Ends followed attempts whose runs are complete, leaves the others without an
 * end, and goes on delivering for so long; another signal cuts it short. */
void deliver_finish(struct deliver *d, int64_t ms);

#endif

/*
 * Ends the runs that a program leaves open when it exits: its exit status says
 * what they came to. Every handle is on a list until it is freed; one that is
 * freed with a run that goes on stays there until the exit.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "itrack/handle.h"

/* What wait() gives of an exit status. */
#define STATUS_BITS 0377

static struct {
	pthread_mutex_t lock;
	pid_t owner; /* the child of a fork begins with an empty list */
	TAILQ_HEAD(, itrack_tracker) list;
} handles = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void
at_exit(int status, void *data)
{
	enum run_status came_to =
	    (status & STATUS_BITS) == 0 ? RUN_FINISHED : RUN_FAILED;
	int64_t began_ms = clock_mono_ms();
	struct itrack_tracker *t;

	(void)data;
	/* The parent's handles are not ours, and its lock may be held by a thread
	 * that does not exist here. */
	if (handles.owner != getpid())
		return;
	pthread_mutex_lock(&handles.lock);
	/* All of them first: their workers deliver at the same time. */
	TAILQ_FOREACH (t, &handles.list, at_exit)
		run_write_ends(t, came_to);
	TAILQ_FOREACH (t, &handles.list, at_exit)
		run_wait_at_exit(t, clock_mono_ms() - began_ms);
	pthread_mutex_unlock(&handles.lock);
}

#ifndef __GLIBC__
static void
at_exit_unknown(void)
{
	at_exit(EXIT_FAILURE, NULL);
}
#endif

/* glibc alone tells a handler the status. One that is not known is no success. */
static bool
register_handler(void)
{
#ifdef __GLIBC__
	return on_exit(at_exit, NULL) == 0;
#else
	return atexit(at_exit_unknown) == 0;
#endif
}

void
at_exit_add(struct itrack_tracker *t)
{
	static bool registered;

	if (handles.owner != getpid()) {
		pthread_mutex_init(&handles.lock, NULL);
		TAILQ_INIT(&handles.list);
		handles.owner = getpid();
	}
	pthread_mutex_lock(&handles.lock);
	if (!registered)
		registered = register_handler();
	TAILQ_INSERT_TAIL(&handles.list, t, at_exit);
	pthread_mutex_unlock(&handles.lock);
}

void
at_exit_remove(struct itrack_tracker *t)
{
	if (handles.owner != getpid() || t->owner != getpid())
		return;
	pthread_mutex_lock(&handles.lock);
	TAILQ_REMOVE(&handles.list, t, at_exit);
	pthread_mutex_unlock(&handles.lock);
}

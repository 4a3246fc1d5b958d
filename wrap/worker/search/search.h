/*
 * The search for runs of which nobody has told: by what the user says or the
 * command's arguments (candidate.h), by the processes below the command (look.h),
 * and, when the command is over, by what is there.
 *
 *	s = search_new(&config);     when the command's process ID is known
 *	search_hear(s, sender);      a message came from this process
 *	search_before_end(s);        the command is over, but its runs are not
 *	search_at_end(s, crowded);   they are
 *	search_free(s);
 */
#ifndef WRAP_WORKER_SEARCH_SEARCH_H
#define WRAP_WORKER_SEARCH_SEARCH_H

#include <stdbool.h>

#include "wrap/worker/runs.h"

struct search;

struct search_config {
	struct loop *loop;
	struct inotify *inotify;
	struct runs *runs;
	const struct options *options;
	const char *named; /* --run-dir, absolute; NULL: not given */
	const struct rundir_guess *guess; /* of the command's arguments */
	const struct link_launched *launched;
	const char *state_dir;
	int channel; /* the shim's socket */
	/* search_goes_on() has become false. */
	void (*settled)(void *data);
	void *data;
};

/* Begins at once. What the config points to outlives the search. */
struct search *search_new(const struct search_config *config);
void search_free(struct search *s);

void search_hear(struct search *s, pid_t sender);
/* The shim has told of a run. */
void search_hear_run(struct search *s);
/* A program said that it will not speak. */
void search_hear_silence(struct search *s);

void search_before_end(struct search *s);
/* `crowded`: messages may have been lost. */
void search_at_end(struct search *s, bool crowded);
/* Processes of the command live on and may still begin a run. */
bool search_goes_on(const struct search *s);
/* For the report: those processes; and what was not looked at. */
void search_report_going_on(const struct search *s, struct report *report);
void search_report(const struct search *s, struct report *report);
/* Why nothing was found; NULL: no reason is known. */
const char *search_blind(const struct search *s);

#endif

/* Takes up what a worker left that was killed: a message is heard once, so nobody
 * else tells of the runs that it had begun. Their journals do. */
#include <errno.h>

#include "base/clock.h"
#include "format/text.h"
#include "journal/health.h"
#include "journal/state_dir.h"
#include "wrap/worker/private.h"

struct left {
	struct runs *runs;
	struct err failed; /* the first thing that could not be looked at */
};

/* Did that worker make it? Its process ID may have been another's before. */
static bool
is_left(const struct link_launched *l, const struct entry *start)
{
	return start->start.source == SOURCE_LIVE &&
	    start->start.pid == l->predecessor &&
	    start->time_us >= clock_us(&l->wall) &&
	    !journals_is_live(&start->start);
}

/* 0: nobody was seen to write it. */
static pid_t
writer_of(const struct entry_start *start)
{
	return start->writer_guessed ? 0 : (pid_t)start->writer;
}

/* The process ID of a writer that is dead may be another's by now. */
static void
watch_writer(struct run *run, const struct entry_start *start)
{
	if (run->writer <= 0 || run_is_over(run))
		return;
	if (run_is_command(run) || journals_is_written(start))
		run_watch_writer(run);
	else
		run_orphan(run);
}

/* It stays pending, and is named. */
static void
leave_pending(struct runs *runs, const char *attempt, const struct err *why)
{
	runs->incomplete = true;
	report_say(runs->config.report,
	    "a worker that was killed left a run, which is pending: %s: "
	    "itrack sync %s",
	    why->message, attempt);
}

static void
take_up(struct runs *runs, const char *attempt, const struct entry_start *start)
{
	struct run *run = run_new(runs, writer_of(start));
	struct err err = ERR_INIT;
	int ended, result = run_has_room(&err);

	run->dir = text_path_bytes(start->run_dir);
	/* The directory of one that has ended may be gone. */
	run_identify(run->dir, 0, &run->identity, NULL);
	/* Of the messages that tell a copy from a run some were not heard. */
	run->genuine = true;
	ended = journals_has_end(runs->config.state_dir, attempt, &err);
	if (result == 0 && ended < 0)
		result = ended;
	if (result == 0)
		result = runs_take_attempt(
		    run, attempt, ended > 0, &run_callbacks, &err);
	if (result == 0) {
		run_enlist(run);
		watch_writer(run, start);
		runs_begin_sampling(runs);
	} else {
		run_discard(run);
		/* Another process finishes it now, or did just now. */
		if (result != -EBUSY && result != -ENOENT)
			leave_pending(runs, attempt, &err);
	}
}

static bool
each_attempt(const char *attempt, void *data)
{
	struct left *left = data;
	const struct runs_config *c = &left->runs->config;
	struct err err = ERR_INIT;
	struct entry start;
	int result = journals_start(c->state_dir, attempt, &start, &err);

	journals_note_unread(&left->failed, result, &err);
	if (result < 0)
		return true;
	if (is_left(c->launched, &start))
		take_up(left->runs, attempt, &start.start);
	entry_release(&start);
	return true;
}

void
runs_take_left(struct runs *runs)
{
	struct left left = {.runs = runs};
	struct err err = ERR_INIT;
	int result;

	if (runs->config.state_dir == NULL)
		return;
	result = state_each(runs->config.state_dir, each_attempt, &left, &err);
	journals_note_unread(&left.failed, result, &err);
	if (left.failed.code < 0)
		report_say(runs->config.report,
		    "what a worker that was killed had begun can't all be "
		    "looked at: %s: itrack sync",
		    left.failed.message);
}

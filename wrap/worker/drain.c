/* When the command is over: ends its runs and delivers what is left, for so long as the
 * launcher waits. */
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/scheduler.h"
#include "http/http.h"
#include "wrap/attempt/stdout_line.h"
#include "wrap/worker/worker.h"

/* The spread of the first requests after the commands of a job array: so long,
 * or a part of a shorter drain. */
#define SPREAD_MS   2000
#define SPREAD_PART 4
/* So much of the drain, or a part of a shorter one, is for its end. */
#define CLOSE_MS   200
#define CLOSE_PART 20

static void
describe_pending(struct buf *line, void *data)
{
	struct worker *w = data;

	runs_describe_pending(w->runs, line);
}

/* Takes the numbers that the command printed, if it printed any. `ended` NULL: it
 * is not known what it did. */
static void
take_line(struct worker *w, const struct link_ended *ended)
{
	struct entry e;

	if (!options_given(&w->options, OPT_METRICS_FROM_STDOUT))
		return;
	entry_init(&e, ENTRY_METRICS, 0);
	if (lastline_read(w->line.data, w->line.len, "", &e) > 0)
		runs_take_line(w->runs, w->line.data, w->line.len);
	else
		report_say(&w->report,
		    ended != NULL && ended->output_read
			? "the last line of the output is no JSON object of "
			  "numbers"
			: "the output could not be read");
	entry_release(&e);
}

/* Where many commands end at the same time, a server must not get the requests of
 * all at once; and who has a queue of them is waited for. */
static void
spread_out(int64_t drain_ms)
{
	int64_t hold_ms = drain_ms / SPREAD_PART;

	http_set_patience(clock_mono_ms() + drain_ms);
	http_share(true);
	if (!scheduler_runs_many())
		return;
	hold_ms = random_below(
	    (uint32_t)(hold_ms < SPREAD_MS ? hold_ms : SPREAD_MS) + 1);
	http_hold(hold_ms);
	log_verbose(
	    "one of many: the next request in %.1f s", (double)hold_ms / 1000);
}

/* The launcher waits hardly longer, so a part of the time is for what follows: to
 * hear that it is over, and to note what was not delivered. Without a launcher there
 * is all the time that the user gives. */
static int64_t
drain_left_ms(const struct worker *w, const struct link_ended *ended)
{
	int64_t left_ms;

	if (w->hurry || ended == NULL)
		return w->hurry ? 0 : options_drain_ms(&w->options);
	left_ms = ended->until_ms - clock_mono_ms();
	if (left_ms < 0)
		return 0;
	return left_ms -
	    (left_ms / CLOSE_PART < CLOSE_MS ? left_ms / CLOSE_PART : CLOSE_MS);
}

void
worker_say_closes(const struct worker *w)
{
	const struct link_packet packet = {.type = LINK_CLOSES};

	if (!w->link_gone)
		link_send(LINK_FD, &packet);
}

void
worker_end_runs(struct worker *w, const struct link_ended *ended)
{
	int64_t drain_ms;

	if (w->phase >= PHASE_DELIVERS)
		return;
	if (w->phase == PHASE_FOLLOWS)
		channel_read(&w->channel);
	worker_look_at_announced(w);
	worker_enter(w, PHASE_DELIVERS);
	runs_hear_end(w->runs, ended);
	w->failed = ended != NULL && ended->wait_status != 0;
	if (w->stopper.own > 0)
		runs_are_stopped(w->runs);
	if (drain_left_ms(w, ended) == 0)
		worker_say_closes(w);
	spread_out(drain_left_ms(w, ended));
	if (w->search != NULL)
		search_before_end(w->search);
	take_line(w, ended);
	runs_end(w->runs);
	if (w->search != NULL)
		search_at_end(
		    w->search, w->channel.crowded || w->launched.crowded);
	drain_ms = drain_left_ms(w, ended);
	runs_drain(w->runs, drain_ms);
	if (!options_given(&w->options, OPT_QUIET))
		w->drain_progress =
		    drain_progress_new(w->loop, drain_ms, describe_pending, w);
	w->settled = true;
	/* Without a run nothing else would wake the loop. */
	loop_kick(w->loop);
}

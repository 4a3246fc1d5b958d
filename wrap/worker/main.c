/*
 * The worker: joins the loop, the shim's channel, the link to the launcher, the
 * search without a shim, and the runs. When the launcher is gone, the command
 * is watched from here and its tracking completed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/die.h"
#include "base/lifeline.h"
#include "base/path.h"
#include "base/process.h"
#include "journal/begin_lock.h"
#include "journal/state_dir.h"
#include "wrap/worker/announced.h"
#include "wrap/worker/channel.h"
#include "wrap/worker/drain_progress.h"
#include "wrap/worker/foretell.h"
#include "wrap/worker/library.h"
#include "wrap/worker/search/search.h"
#include "wrap/link/link.h"
#include "wrap/options/options.h"
#include "wrap/attempt/log_options.h"
#include "wrap/attempt/report.h"
#include "wrap/worker/refusal.h"
#include "wrap/worker/runs.h"
#include "wrap/worker/worker.h"

/* The launcher sends less. */
#define LINE_MAX_BYTES ((size_t)128 * 1024)

#define TO(phase) (1U << (phase))

static const unsigned moves[PHASE_ALONE + 1] = {
    /* If the launcher was killed before it said a word, there is nothing to
     * follow. */
    [PHASE_NEW] = TO(PHASE_LAUNCHED) | TO(PHASE_DELIVERS),
    [PHASE_LAUNCHED] = TO(PHASE_FOLLOWS),
    [PHASE_FOLLOWS] = TO(PHASE_DELIVERS),
    [PHASE_DELIVERS] = TO(PHASE_ALONE),
};

bool
worker_enter(struct worker *w, enum phase phase)
{
	if ((moves[w->phase] & TO(phase)) == 0)
		return false;
	w->phase = phase;
	return true;
}

static void
on_command_death(struct lifeline *line)
{
	worker_end_runs(line->data, NULL);
}

/* Called when the launcher was killed: the command lives on, and so do we. */
static void
follow_command(struct worker *w)
{
	w->command = (struct lifeline){.cut = on_command_death, .data = w};
	if (w->phase != PHASE_FOLLOWS ||
	    lifeline_hold(&w->command, w->loop, w->launched.command) < 0)
		worker_end_runs(w, NULL);
}

static void
on_settled(void *data)
{
	struct worker *w = data;

	w->settled = true;
	loop_kick(w->loop);
}

static bool
on_hear(void *data)
{
	struct worker *w = data;

	if (w->phase < PHASE_FOLLOWS)
		return false;
	channel_read(&w->channel);
	return true;
}

static void
on_stop(void *data)
{
	struct worker *w = data;

	if (w->phase < PHASE_DELIVERS)
		stopper_ask(&w->stopper);
}

static void
begin_search(struct worker *w)
{
	struct search_config config = {
	    .loop = w->loop,
	    .inotify = w->inotify,
	    .runs = w->runs,
	    .options = &w->options,
	    .named = w->named,
	    .guess = &w->guess,
	    .launched = &w->launched,
	    .state_dir = w->state_dir,
	    .channel = CHANNEL_FD,
	    .settled = on_settled,
	    .data = w,
	};

	w->search = search_new(&config);
	/* The launcher has heard of these before us; the command may have become
	 * another program since. */
	refusals_look(&w->refusals, w->launched.command);
	for (size_t i = 0; i < LINK_OTHERS_MAX; i++)
		if (w->launched.others[i] > 0)
			refusals_look(&w->refusals, w->launched.others[i]);
	if (w->heard)
		search_hear_run(w->search);
	if (w->silent)
		search_hear_silence(w->search);
}

/* Called when the command's process ID is known, without which a message means
 * nothing, and after the messages that the launcher has read. */
static void
begin_listening(struct worker *w)
{
	struct err err = ERR_INIT;

	if (!worker_enter(w, PHASE_FOLLOWS))
		return;
	w->channel.command = w->launched.command;
	if (channel_init(&w->channel, w->loop, CHANNEL_FD, &err) < 0)
		die("%s", err.message);
	if (w->launched.caller)
		channel_keep(&w->channel, CALLER_FD);
	/* If an itrack-wrap inside has spoken already, the search is its
	 * business. */
	channel_read(&w->channel);
	if (!w->nested)
		begin_search(w);
}

static void
take_packet(struct worker *w, const struct link_packet *packet)
{
	struct message message;

	if (packet->type != LINK_LAUNCHED && packet->type != LINK_MESSAGE)
		begin_listening(w);
	switch (packet->type) {
	case LINK_LAUNCHED:
		if (!worker_enter(w, PHASE_LAUNCHED))
			break;
		w->launched = packet->launched;
		if (w->options.stop_if_len > 0)
			stopper_prepare(
			    &w->stopper, w->loop, w->launched.command);
		/* Before the messages, which may be of these runs. */
		if (w->launched.predecessor > 0)
			runs_take_left(w->runs);
		break;
	case LINK_MESSAGE:
		if (message_parse(&message, packet->message.sender,
			packet->message.data, packet->message.len))
			worker_hear(&w->channel, &message);
		break;
	case LINK_LINE:
		buf_add(&w->line, (const char *)packet->message.data,
		    packet->message.len);
		break;
	case LINK_ENDED:
		worker_end_runs(w, &packet->ended);
		break;
	case LINK_HURRY:
		w->hurry = true;
		worker_say_closes(w);
		runs_drain(w->runs, 0);
		break;
	default:
		break;
	}
}

static void
on_link(struct loop_io *io, uint32_t events)
{
	struct worker *w = io->data;
	struct link_packet packet;
	int result;

	(void)events;
	while ((result = link_receive(LINK_FD, &packet)) == 1)
		take_packet(w, &packet);
	begin_listening(w);
	if (result == -EAGAIN)
		return;
	w->link_gone = true;
	loop_remove(w->loop, io);
	if (w->phase < PHASE_DELIVERS)
		follow_command(w);
}

/* A writer outlives the command, whose exit waits for nobody: the launcher
 * leaves, and we stay as behind one that was killed. */
static void
stay_alone(struct worker *w)
{
	struct link_packet packet = {.type = LINK_DRAINED, .drained.stays = 1};
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	worker_enter(w, PHASE_ALONE);
	drain_progress_free(w->drain_progress);
	w->drain_progress = NULL;
	runs_report_going_on(w->runs);
	if (w->search != NULL && runs_going_on(w->runs) == 0)
		search_report_going_on(w->search, &w->report);
	worker_say_report(w);
	if (!w->link_gone)
		link_send(LINK_FD, &packet);
	w->link_gone = true;
	loop_remove(w->loop, &w->link_io);
	close(LINK_FD);
	/* Who reads what the command printed waits until nobody has it open. */
	if (nowhere < 0 || dup2(nowhere, STDERR_FILENO) < 0)
		close(STDERR_FILENO);
	if (nowhere > STDERR_FILENO)
		close(nowhere);
}

/* Tells the launcher which journals there are, in case we come to a standstill.
 * If its queue is full, it gets this with the next turn. */
static void
tell_recorded(struct worker *w)
{
	struct link_packet packet;
	struct link_recorded *r = &packet.recorded;
	const char *newest = "";

	memset(&packet, 0, sizeof packet);
	packet.type = LINK_RECORDED;
	r->journals = (uint32_t)runs_journals(w->runs, &newest);
	snprintf(r->attempt, sizeof r->attempt, "%s", newest);
	if (w->link_gone || memcmp(r, &w->recorded, sizeof *r) == 0)
		return;
	if (link_send(LINK_FD, &packet) == 0)
		w->recorded = *r;
}

/* Ends the loop when everything is said and done. */
static void
on_turn(struct loop_turn *turn)
{
	struct worker *w = turn->data;
	bool stays;

	runs_turn(w->runs);
	tell_recorded(w);
	if (w->phase < PHASE_DELIVERS)
		stopper_turn(&w->stopper, w->link_gone ? -1 : LINK_FD);
	if (w->phase < PHASE_DELIVERS || !w->settled)
		return;
	w->settled = false;
	if (!runs_are_settled(w->runs))
		return;
	stays = runs_going_on(w->runs) > 0 ||
	    (w->search != NULL && search_goes_on(w->search));
	if (!stays && runs_open(w->runs) == 0)
		loop_stop(w->loop);
	else if (stays && w->phase != PHASE_ALONE)
		stay_alone(w);
}

static void
on_die(const char *message)
{
	dprintf(STDERR_FILENO, "itrack: %s; tracking stopped\n", message);
	_exit(1);
}

static void
worker_init(struct worker *w)
{
	const char *named = w->options.value[OPT_RUN_DIR];
	struct runs_config config;

	report_init(&w->report, &w->options);
	buf_init(&w->line, LINE_MAX_BYTES);
	rundir_guess_own(
	    &w->guess, w->options.argument_count, w->options.arguments);
	w->named = named != NULL ? path_absolute(named) : NULL;
	w->loop = loop_new();
	w->inotify = inotify_new(w->loop);
	w->state_dir = state_dir_path();
	w->announced_fd = begin_lock_announce(w->state_dir);
	config = (struct runs_config){.loop = w->loop,
	    .inotify = w->inotify,
	    .options = &w->options,
	    .state_dir = w->state_dir,
	    .named = w->named,
	    .guess = &w->guess,
	    .launched = &w->launched,
	    .crowded = &w->channel.crowded,
	    .report = &w->report,
	    .settled = on_settled,
	    .hear = on_hear,
	    .stop = on_stop,
	    .data = w};
	w->runs = runs_new(&config);
	w->turn = (struct loop_turn){.end = on_turn, .data = w};
	loop_turn_add(w->loop, &w->turn);
	w->channel.heard = worker_hear;
	w->channel.data = w;
	w->link_io =
	    (struct loop_io){.fd = LINK_FD, .ready = on_link, .data = w};
	if (loop_add(w->loop, &w->link_io, EPOLLIN) < 0)
		die("started without its launcher");
}

static void
worker_release(struct worker *w)
{
	search_free(w->search);
	stopper_release(&w->stopper);
	announced_release(&w->announced);
	refusals_release(&w->refusals);
	channel_release(&w->channel);
	inotify_free(w->inotify);
	loop_remove(w->loop, &w->link_io);
	loop_turn_remove(w->loop, &w->turn);
	loop_free(w->loop);
	report_release(&w->report);
	buf_release(&w->line);
	rundir_guess_release(&w->guess);
	free(w->named);
	begin_lock_give_back(w->announced_fd);
	free(w->state_dir);
}

int
main(int argc, char **argv)
{
	struct worker w = {0};
	struct link_packet packet = {.type = LINK_DRAINED};
	char message[OPTIONS_MESSAGE_MAX];

	process_no_core();
	process_many_descriptors();
	if (foretell_is_asked_for(argc, argv))
		return foretell_main(argc, argv);
	if (follow_is_asked_for(argc, argv))
		return follow_main(argc, argv);
	die_set_hook(on_die);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (options_parse(&w.options, PROGRAM_WRAP, argc, argv, message) < 0)
		die("%s", message);
	log_options(&w.options);
	worker_init(&w);
	/* The first packet was sent before we were started. Whose messages come
	 * on the channel is not known without it. */
	on_link(&w.link_io, EPOLLIN);
	loop_run(w.loop);
	drain_progress_free(w.drain_progress);
	worker_say_closes(&w);
	packet.drained.complete = runs_close(w.runs);
	if (w.phase != PHASE_ALONE)
		worker_say_report(&w);
	else
		worker_write_report(&w);
	if (!w.link_gone)
		link_send(LINK_FD, &packet);
	worker_release(&w);
	return 0;
}

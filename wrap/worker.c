/*
 * The worker: joins the loop, the shim's channel, the link to the launcher and
 * an attempt for each run. The only file that knows them all.
 *
 * A run is found by a message that names one of its files, or by find.c where
 * there is no shim. It belongs to the process that sent the message, its
 * writer, and ends when that one ends, when it starts another run, or when the
 * command ends. When the launcher is gone, the command is watched from here.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/path.h"
#include "wrap/attempt.h"
#include "wrap/channel.h"
#include "wrap/launch/link.h"
#include "wrap/options.h"
#include "wrap/report.h"

#define MARKER_FILE ".insidellms_run"
#define CONFIG_TEMP ".config.resolved.yaml.tmp"
#define RECORDS     "records.jsonl"

/* A run that is followed or delivered. */
struct run {
	struct attempt *attempt;
	struct worker *worker;
	char *dir;
	struct watcher_identity identity;
	int pidfd; /* of the writer; -1: ends with the command */
	struct loop_io io;
	int config_opens; /* the second begins another run */
	int64_t started_us;
	TAILQ_ENTRY(run) link;
};

struct worker {
	struct options options;
	struct loop *loop;
	struct tree *tree;
	struct channel channel;
	struct loop_io link_io;
	struct loop_turn turn;
	struct loop_io command_io; /* pidfd, when the launcher is gone */
	char *state_dir;
	struct link_launched launched;
	bool has_launched, ended, hurry, link_gone, settled;
	struct link_ended end;
	TAILQ_HEAD(, run) runs;
	struct report report;
	bool complete;
};

static void end_run(struct run *run, bool with_command);

static void
on_death(struct loop_io *io, uint32_t events)
{
	struct run *run = io->data;

	(void)events;
	end_run(run, false);
}

static bool
is_command(const struct worker *w, pid_t pid)
{
	return w->has_launched && pid == w->launched.command;
}

/* The writer's death ends its run, but for the command's own: the launcher
 * tells of that with the exit status. */
static void
watch_writer(struct run *run, pid_t writer)
{
	struct worker *w = run->worker;

	run->pidfd = -1;
	if (writer <= 0 || is_command(w, writer))
		return;
	run->pidfd = pidfd_open(writer, 0);
	if (run->pidfd < 0)
		return;
	fcntl(run->pidfd, F_SETFD, FD_CLOEXEC);
	run->io =
	    (struct loop_io){.fd = run->pidfd, .ready = on_death, .data = run};
	loop_add(w->loop, &run->io, EPOLLIN);
}

static void
unwatch_writer(struct run *run)
{
	if (run->pidfd < 0)
		return;
	loop_remove(run->worker->loop, &run->io);
	close(run->pidfd);
	run->pidfd = -1;
}

static double
seconds_since(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) +
	    (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

/* with_command: the command's end is known. */
static void
end_run(struct run *run, bool with_command)
{
	struct worker *w = run->worker;
	struct attempt_outcome outcome = {0};

	unwatch_writer(run);
	if (attempt_is_ended(run->attempt))
		return;
	if (with_command && is_command(w, attempt_writer(run->attempt))) {
		outcome.has_exit = true;
		outcome.wait_status = w->end.wait_status;
		outcome.has_usage = true;
		outcome.usage = w->end.usage;
		outcome.has_wall = true;
		outcome.wall_seconds =
		    seconds_since(&w->launched.wall, &w->end.wall);
	} else {
		outcome.has_wall = true;
		outcome.wall_seconds =
		    (double)(clock_wall_us() - run->started_us) / 1e6;
	}
	outcome.command_killed =
	    with_command && WIFSIGNALED(w->end.wait_status);
	attempt_end(run->attempt, &outcome);
}

static void
on_settled(struct attempt *a, void *data)
{
	struct run *run = data;

	(void)a;
	run->worker->settled = true;
}

static struct run *begin_run(
    struct worker *w, const char *dir, pid_t writer, const char *adopt);

static void
on_replaced(struct attempt *a, void *data)
{
	struct run *run = data;
	pid_t writer = attempt_writer(a);
	char *dir = xstrdup(run->dir);
	struct worker *w = run->worker;

	end_run(run, false);
	if (watcher_stamp(dir, MARKER_FILE).there)
		begin_run(w, dir, writer, NULL);
	free(dir);
}

static struct attempt_config
make_config(struct run *run, pid_t writer)
{
	struct worker *w = run->worker;
	const char *command = w->options.argument_count > 0
	    ? path_base(w->options.arguments[0])
	    : NULL;

	return (struct attempt_config){
	    .loop = w->loop,
	    .tree = w->tree,
	    .options = &w->options,
	    .state_dir = w->state_dir,
	    .source = SOURCE_LIVE,
	    .run_dir = run->dir,
	    .command = command,
	    .writer = writer,
	    .not_before = w->launched.file_clock,
	    .record_only = options_given(&w->options, OPT_RECORD_ONLY),
	    .replaced = on_replaced,
	    .settled = on_settled,
	    .data = run,
	};
}

/* The manifest that an earlier run of this worker left in the same directory.
 */
static struct watcher_stamp
older_manifest(const struct run *run)
{
	const struct run *other;

	TAILQ_FOREACH (other, &run->worker->runs, link)
		if (watcher_identity_equal(&other->identity, &run->identity))
			return watcher_stamp(run->dir, "manifest.json");
	return (struct watcher_stamp){0};
}

static struct run *
begin_run(struct worker *w, const char *dir, pid_t writer, const char *adopt)
{
	struct run *run = xcalloc(1, sizeof *run);
	struct attempt_config config;
	struct err err = ERR_INIT;
	int result;

	run->worker = w;
	run->dir = xstrdup(dir);
	run->pidfd = -1;
	run->started_us = clock_wall_us();
	result = watcher_identify(dir, &run->identity, &err);
	if (result == 0) {
		config = make_config(run, writer);
		config.old_manifest = older_manifest(run);
		result = adopt != NULL
		    ? attempt_adopt(&run->attempt, &config, adopt, &err)
		    : attempt_new(&run->attempt, &config, &err);
	}
	if (result < 0) {
		if (result != -ENOENT)
			report_say(&w->report, "%s", err.message);
		free(run->dir);
		free(run);
		return NULL;
	}
	log_verbose("run directory %s", dir);
	TAILQ_INSERT_TAIL(&w->runs, run, link);
	watch_writer(run, writer);
	return run;
}

static struct run *
run_of_directory(struct worker *w, const struct watcher_identity *identity)
{
	struct run *run;

	TAILQ_FOREACH (run, &w->runs, link)
		if (!attempt_is_ended(run->attempt) &&
		    watcher_identity_equal(&run->identity, identity))
			return run;
	return NULL;
}

/* One process writes one run at a time. */
static void
end_others_of(struct worker *w, pid_t writer)
{
	struct run *run;

	if (writer <= 0)
		return;
	TAILQ_FOREACH (run, &w->runs, link)
		if (attempt_writer(run->attempt) == writer)
			end_run(run, false);
}

/* A file of `dir` was opened for writing by `writer`. */
static void
consider(struct worker *w, const char *dir, pid_t writer, bool config_open)
{
	struct watcher_identity identity;
	struct run *run;

	/* Copies that look like a run (insideLLMs' own --track local) have no
	 * marker beside them. */
	if (!watcher_stamp(dir, MARKER_FILE).there ||
	    watcher_identify(dir, &identity, NULL) < 0)
		return;
	run = run_of_directory(w, &identity);
	if (run != NULL && config_open && ++run->config_opens > 1) {
		end_run(run, false);
		run = NULL;
	}
	if (run != NULL) {
		attempt_scan(run->attempt);
		return;
	}
	end_others_of(w, writer);
	run = begin_run(w, dir, writer, NULL);
	if (run != NULL && config_open)
		run->config_opens = 1;
}

static void
on_message(struct channel *channel, const struct message *message)
{
	struct worker *w = channel->data;
	const char *base = path_base(message->path);
	bool config = strcmp(base, CONFIG_TEMP) == 0;
	char *dir;

	if (message->op == MESSAGE_HELLO || message->path[0] == '\0')
		return;
	if (message->op == MESSAGE_OPEN && !config &&
	    strcmp(base, MARKER_FILE) != 0 && strcmp(base, RECORDS) != 0)
		return;
	if (message->op != MESSAGE_OPEN)
		return;
	dir = path_parent(message->path);
	consider(w, dir, message->sender, config);
	free(dir);
}

/* The command is over: every run ends, then the rest is delivered. */
static void
end_all(struct worker *w, bool known)
{
	struct run *run;
	double drain_s;

	if (w->ended)
		return;
	channel_read(&w->channel);
	w->ended = true;
	TAILQ_FOREACH (run, &w->runs, link)
		end_run(run, known);
	drain_s = w->hurry ? 0 : (double)options_drain_ms(&w->options);
	TAILQ_FOREACH (run, &w->runs, link)
		attempt_drain(run->attempt, (int64_t)drain_s);
	w->settled = true;
}

static void
on_command_death(struct loop_io *io, uint32_t events)
{
	struct worker *w = io->data;

	(void)events;
	loop_remove(w->loop, io);
	close(io->fd);
	end_all(w, false);
}

/* The launcher was killed: the command lives on, and so do we. */
static void
follow_command(struct worker *w)
{
	int fd = w->has_launched ? pidfd_open(w->launched.command, 0) : -1;

	if (fd < 0) {
		end_all(w, false);
		return;
	}
	w->command_io =
	    (struct loop_io){.fd = fd, .ready = on_command_death, .data = w};
	loop_add(w->loop, &w->command_io, EPOLLIN);
}

static void
take_packet(struct worker *w, const struct link_packet *packet)
{
	struct message message;
	struct run *run;

	switch (packet->type) {
	case LINK_LAUNCHED:
		w->launched = packet->launched;
		w->has_launched = true;
		break;
	case LINK_MESSAGE:
		if (message_parse(&message, packet->message.sender,
			packet->message.data, packet->message.len))
			on_message(&w->channel, &message);
		break;
	case LINK_ENDED:
		w->end = packet->ended;
		end_all(w, true);
		break;
	case LINK_HURRY:
		w->hurry = true;
		TAILQ_FOREACH (run, &w->runs, link)
			attempt_drain(run->attempt, 0);
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
	if (result == -EAGAIN)
		return;
	w->link_gone = true;
	loop_remove(w->loop, io);
	if (!w->ended)
		follow_command(w);
}

/* Everything said and done? */
static void
on_turn(struct loop_turn *turn)
{
	struct worker *w = turn->data;
	struct run *run;

	TAILQ_FOREACH (run, &w->runs, link)
		attempt_turn(run->attempt);
	if (!w->ended || !w->settled)
		return;
	w->settled = false;
	TAILQ_FOREACH (run, &w->runs, link)
		if (!attempt_is_settled(run->attempt))
			return;
	loop_stop(w->loop);
}

static void
close_runs(struct worker *w)
{
	struct run *run;

	w->complete = true;
	while ((run = TAILQ_FIRST(&w->runs)) != NULL) {
		TAILQ_REMOVE(&w->runs, run, link);
		report_add(&w->report, run->attempt);
		if (!attempt_is_complete(run->attempt))
			w->complete = false;
		attempt_close(run->attempt);
		free(run->dir);
		free(run);
	}
	if (tree_is_limited(w->tree) != NULL)
		report_say(&w->report, "%s: looked every second instead",
		    tree_is_limited(w->tree));
}

static void
say_report(struct worker *w)
{
	struct err err = ERR_INIT;

	if (w->report.run_count == 0)
		report_say(
		    &w->report, "no run directory seen; nothing was tracked");
	if (options_given(&w->options, OPT_REPORT) &&
	    report_write(&w->report, w->options.value[OPT_REPORT], &err) < 0)
		report_say(&w->report, "no report written: %s", err.message);
	if (!options_given(&w->options, OPT_QUIET))
		/* One write, so that lines of others don't come between. */
		(void)!write(
		    STDERR_FILENO, w->report.text.data, w->report.text.len);
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
	struct err err = ERR_INIT;

	TAILQ_INIT(&w->runs);
	report_init(&w->report);
	w->loop = loop_new();
	w->tree = tree_new(w->loop);
	w->state_dir = journal_state_dir();
	w->turn = (struct loop_turn){.end = on_turn, .data = w};
	loop_turn_add(w->loop, &w->turn);
	w->link_io =
	    (struct loop_io){.fd = LINK_FD, .ready = on_link, .data = w};
	if (loop_add(w->loop, &w->link_io, EPOLLIN) < 0)
		die("started without its launcher");
	w->channel.heard = on_message;
	w->channel.data = w;
	if (channel_init(&w->channel, w->loop, CHANNEL_FD, &err) < 0)
		die("%s", err.message);
}

int
main(int argc, char **argv)
{
	struct worker w = {0};
	struct link_packet packet = {.type = LINK_DRAINED};
	char message[OPTIONS_MESSAGE_MAX];

	die_set_hook(on_die);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (options_parse(&w.options, PROGRAM_WRAP, argc, argv, message) < 0)
		die("%s", message);
	log_set_verbose(options_given(&w.options, OPT_VERBOSE));
	worker_init(&w);
	loop_run(w.loop);
	close_runs(&w);
	say_report(&w);
	packet.drained.complete = w.complete;
	if (!w.link_gone)
		link_send(LINK_FD, &packet);
	channel_release(&w.channel);
	tree_free(w.tree);
	loop_remove(w.loop, &w.link_io);
	loop_free(w.loop);
	report_release(&w.report);
	free(w.state_dir);
	return 0;
}

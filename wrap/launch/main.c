/*
 * itrack-wrap: launches a command, lets it alone, leaves as it did; the worker
 * does the tracking. In this order: options, socket, where runs will go, launch, let go of
 * everything that belongs to the command, wait, drain, exit.
 *
 * One thread, one poll loop, no allocation but the two environments.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "wrap/launch/child.h"
#include "wrap/launch/copy.h"
#include "wrap/launch/descriptors.h"
#include "wrap/launch/foretell.h"
#include "wrap/launch/hint.h"
#include "wrap/launch/now.h"
#include "wrap/launch/environments.h"
#include "wrap/launch/say.h"
#include "wrap/launch/signals.h"
#include "wrap/launch/stop.h"
#include "wrap/launch/tracking.h"
#include "wrap/options/options.h"
#include "wrap/shim/message.h"

/* Beyond the drain time the worker gets so long for its last words. */
#define DRAIN_GRACE_MS 100
/* A worker that has said in this time that it closes gets so long for it. */
#define CLOSE_MS 1000

/* All in one place and static: the launcher needs no stack or heap of note. */
static struct launcher {
	struct options options;
	struct signals signals;
	struct inherit inherit;
	struct child child;
	struct tracking tracking;
	struct copy copy;       /* --metrics-from-stdout */
	struct stop stop;       /* --stop-if */
	char **environment;     /* the command's */
	int64_t drain_until_ms; /* -1: the command still runs */
	bool gave_time;         /* to close */
} launcher;

static void
parse(struct options *options, int argc, char **argv)
{
	char message[OPTIONS_MESSAGE_MAX];

	if (options_parse(options, PROGRAM_WRAP, argc, argv, message) != 0) {
		say("itrack-wrap: %s", message);
		exit(EXIT_OWN_MISTAKE);
	}
	if (options_given(options, OPT_HELP)) {
		options_help(PROGRAM_WRAP,
		    "itrack-wrap [option]... [--] command [argument]...",
		    "Runs the command unchanged and tracks the insideLLMs "
		    "runs that it makes.");
		exit(fflush(stdout) == 0 ? 0 : EXIT_OWN_MISTAKE);
	}
	if (options_given(options, OPT_VERSION)) {
		printf("itrack-wrap %s\n", ITRACK_VERSION);
		exit(fflush(stdout) == 0 ? 0 : EXIT_OWN_MISTAKE);
	}
	if (options->argument_count == 0) {
		say("itrack-wrap: no command given (itrack-wrap --help says "
		    "more)");
		exit(EXIT_OWN_MISTAKE);
	}
}

static void
launch(struct launcher *l, char **argv)
{
	struct tracking *t = &l->tracking;
	char **command = l->options.arguments;
	const char *around = getenv(MESSAGE_SOCKET_VARIABLE);
	const char *shim = NULL;
	int code;

	if (!options_given(&l->options, OPT_NO_PRELOAD))
		shim = tracking_shim(t, command[0]);
	l->environment = environments_for_command(shim, t->name);
	if (l->environment == NULL) {
		shim = NULL;
		l->environment = environ;
	}
	if (around != NULL && *around != '\0')
		listen_tell_nested(around);
	signals_hold(&l->signals);
	inherit_take(&l->inherit, &l->signals.entry_mask);
	/* Before the copier's pipe is made: a witness that has not run yet would
	 * hold its end, and the copier outlive us. */
	signals_witness(&l->signals, argv);
	if (options_given(&l->options, OPT_METRICS_FROM_STDOUT))
		copy_open(&l->copy);
	tracking_mark(t,
	    options_given(&l->options, OPT_RUN_DIR) ||
		(shim == NULL && t->expected));
	code = child_start(&l->child, command, l->environment,
	    l->copy.write_end, &l->signals, &l->inherit);
	if (code == -E2BIG) {
		/* Without what we add it may just fit. */
		shim = NULL;
		code = child_start(&l->child, command, environ,
		    l->copy.write_end, &l->signals, &l->inherit);
	}
	if (code != 0) {
		signals_finish(&l->signals);
		signals_reap(&l->signals);
	}
	if (code == -EAGAIN || code == -ENOMEM) {
		if (!options_given(&l->options, OPT_QUIET))
			say("itrack-wrap: no process for the command (%s): it "
			    "runs untracked; `itrack import RUN_DIR` tracks "
			    "what it writes",
			    strerror(-code));
		code = child_replace_us(
		    command, environ, &l->signals, &l->inherit);
	}
	if (code != 0)
		child_exit_unstarted(command[0], code);
	inherit_drop(&l->inherit);
	tracking_launched(t, l->child.pid, shim != NULL);
	if (options_given(&l->options, OPT_VERBOSE))
		say("itrack: launched %s as process %d, %s the preload library",
		    command[0], (int)l->child.pid,
		    shim != NULL ? "with" : "without");
}

/* As waitpid, of a child that has changed; 0: none has. */
static pid_t
changed_child(pid_t wanted, int *status, struct rusage *usage)
{
	pid_t pid;

	do
		pid = wait4(
		    wanted, status, WNOHANG | WUNTRACED | WCONTINUED, usage);
	while (pid < 0 && errno == EINTR);
	return pid;
}

/* Reaps every child that has changed: the command, the worker and, as the first
 * process of a container, orphans. Other children existed before us (a shell
 * started one and then executed us) and are not ours to reap. */
static void
reap(struct launcher *l)
{
	pid_t wanted[2] = {
	    l->child.ended ? 0 : l->child.pid, l->tracking.worker};
	size_t count = 2;
	struct rusage usage;
	int status;
	pid_t pid;

	if (getpid() == 1) {
		wanted[0] = -1;
		count = 1;
	}
	for (size_t i = 0; i < count; i++) {
		while (wanted[i] != 0 &&
		    (pid = changed_child(wanted[i], &status, &usage)) > 0) {
			if (pid == l->child.pid && !l->child.ended)
				child_changed(
				    &l->child, status, &usage, &l->signals);
			else if (pid == l->tracking.worker &&
			    (WIFEXITED(status) || WIFSIGNALED(status)))
				tracking_worker_died(&l->tracking, status);
		}
	}
}

static int64_t
earlier(int64_t a_ms, int64_t b_ms)
{
	if (a_ms < 0 || b_ms < 0)
		return a_ms < 0 ? b_ms : a_ms;
	return a_ms < b_ms ? a_ms : b_ms;
}

static void
take_signals(struct launcher *l)
{
	bool draining = l->drain_until_ms >= 0;
	struct signals_seen seen;

	signals_take(&l->signals, draining ? 0 : l->child.pid, now_ms(), &seen);
	if (seen.child)
		reap(l);
	if (seen.stop)
		signals_stop_self(SIGTSTP);
	if (seen.hurry) {
		/* After the first request the worker gets so long for its last
		 * words; after a second one it gets no time. */
		int64_t until_ms = now_ms() + DRAIN_GRACE_MS;

		tracking_hurry(&l->tracking);
		l->drain_until_ms = l->drain_until_ms > until_ms ? until_ms : 0;
	}
}

/* Returns when the command is to get a signal, or -1. */
static int64_t
stop_command(struct launcher *l, int64_t now)
{
	struct tracking *t = &l->tracking;
	int64_t due_ms;

	if (l->child.ended)
		return -1;
	if (t->wants_stop)
		stop_ask(&l->stop, l->child.pid, now);
	due_ms = stop_turn(&l->stop, l->child.pid, now);
	t->stopped = l->stop.sent;
	return due_ms;
}

/* A worker whose drain is over only writes down what is left, which a busy disk
 * makes slow. */
static void
give_time_to_close(struct launcher *l)
{
	int64_t until_ms = now_ms() + CLOSE_MS;

	if (!l->tracking.closes || l->gave_time || l->drain_until_ms <= 0)
		return;
	l->gave_time = true;
	if (l->drain_until_ms < until_ms)
		l->drain_until_ms = until_ms;
}

/* Waits for the next thing to happen and deals with it. */
static void
turn(struct launcher *l)
{
	struct tracking *t = &l->tracking;
	struct pollfd fds[2] = {{-1, POLLIN, 0}, {tracking_fd(t), POLLIN, 0}};
	int64_t now = now_ms(), until_ms, wait_ms = -1;

	until_ms = earlier(l->drain_until_ms, t->hello_due_ms);
	until_ms = earlier(until_ms, stop_command(l, now));
	if (l->drain_until_ms < 0)
		until_ms = earlier(
		    until_ms, signals_pass(&l->signals, l->child.pid, now));
	if (until_ms >= 0)
		wait_ms = until_ms > now ? until_ms - now : 0;
	if (signals_poll(&l->signals, fds, 2,
		wait_ms > INT_MAX ? INT_MAX : (int)wait_ms) < 0)
		return;
	/* Signals first: nothing that others send holds up the command's end,
	 * behind which its last messages are read. */
	take_signals(l);
	if (fds[1].revents != 0)
		tracking_read(t);
	give_time_to_close(l);
	tracking_waited(t, now_ms());
}

/* Signals that came up to now were meant for the command. */
static void
take_last_signals(struct launcher *l)
{
	struct signals_seen seen;

	signals_take(&l->signals, l->child.pid, now_ms(), &seen);
	signals_finish(&l->signals);
	if (seen.child)
		reap(l);
}

/* The command's last output reaches its reader before we leave, as without us.
 * A signal ends the wait: the command is no more. */
static void
finish_copy(struct launcher *l)
{
	struct pollfd fds[2] = {{-1, POLLIN, 0}, {l->copy.link, POLLIN, 0}};
	struct signals_seen seen = {0};

	if (!l->copy.on)
		return;
	copy_ask(&l->copy);
	while (!seen.hurry && !copy_is_done(&l->copy)) {
		if (signals_poll(&l->signals, fds, 2, -1) < 0 ||
		    fds[0].revents == 0)
			continue;
		signals_take(&l->signals, 0, now_ms(), &seen);
		if (seen.child)
			reap(l);
	}
	if (!seen.hurry)
		copy_take_line(&l->copy);
}

static void
drain(struct launcher *l)
{
	take_last_signals(l);
	l->drain_until_ms = l->tracking.end.until_ms + DRAIN_GRACE_MS;
	while (tracking_busy(&l->tracking) && now_ms() < l->drain_until_ms)
		turn(l);
	if (tracking_busy(&l->tracking))
		tracking_hurry(&l->tracking);
}

int
main(int argc, char **argv)
{
	struct launcher *l = &launcher;
	struct tracking *t = &l->tracking;
	int *const ours[] = {
	    &t->channel, &l->copy.link, &l->signals.witness.link};

	parse(&l->options, argc, argv);
	l->drain_until_ms = -1;
	l->copy.write_end = l->copy.link = -1;
	tracking_prepare(t, argv);
	hint_behind(&l->options);
	foretell(&l->options, argv, t->worker_path);
	launch(l, argv);
	/* start_worker counts on the numbers above CHANNEL_FD for its pair and the
	 * caller. */
	descriptors_let_go(ours, sizeof ours / sizeof ours[0]);
	if (signals_open(&l->signals) < 0) {
		/* There is hardly a free descriptor, and signals matter more
		 * than tracking. */
		tracking_off(t, errno);
		signals_open(&l->signals);
	}
	take_signals(l);
	tracking_begin(t, options_given(&l->options, OPT_RUN_DIR), now_ms());
	while (!l->child.ended)
		turn(l);
	take_last_signals(l);
	finish_copy(l);
	if (l->copy.whole)
		tracking_line(t, l->copy.line, l->copy.line_len);
	tracking_ended(t, &l->child,
	    l->copy.line != NULL || options_given(&l->options, OPT_REPORT),
	    now_ms(), options_drain_ms(&l->options));
	drain(l);
	say_report(&l->tracking, &l->options, &l->copy);
	signals_reap(&l->signals);
	copy_reap(&l->copy);
	if (options_given(&l->options, OPT_STRICT) &&
	    t->phase != TRACKING_LISTENS && t->phase != TRACKING_COMPLETE &&
	    WIFEXITED(l->child.status) && WEXITSTATUS(l->child.status) == 0)
		return EXIT_NOT_COMPLETE;
	child_exit_as(&l->child);
}

#include "wrap/launch/signals.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "wrap/launch/now.h"
#include "wrap/link/procstat.h"

/* Without a signalfd the launcher looks at the messages and the worker so
 * often. */
#define SIGNALS_SLICE_MS 10

void
signals_hold(struct signals *s)
{
	struct sigaction by_default = {.sa_handler = SIG_DFL};
	sigset_t all;

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	s->caller = getppid();
	s->witness.link = -1;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &s->entry_mask);
	/* If SIGCHLD was ignored at entry, the kernel would throw away the
	 * command's status. Else it stays as it is, because a signal that waits
	 * would be lost. */
	sigaction(SIGCHLD, NULL, &s->entry_child);
	if (s->entry_child.sa_handler == SIG_IGN)
		sigaction(SIGCHLD, &by_default, NULL);
}

void
signals_witness(struct signals *s, char **arguments)
{
	witness_start(&s->witness, arguments);
}

void
signals_restore(const struct signals *s)
{
	if (s->entry_child.sa_handler == SIG_IGN)
		sigaction(SIGCHLD, &s->entry_child, NULL);
	sigprocmask(SIG_SETMASK, &s->entry_mask, NULL);
}

int
signals_open(struct signals *s)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t all;

	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
	sigfillset(&all);
	s->fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->fd >= 0)
		return 0;
	/* Where a filter or the kernel has no signalfd, sigtimedwait does
	 * it. */
	return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -errno
								     : 0;
}

/* Takes a signal that waits or comes within that time. */
static bool
take_one(struct signals *s, int wait_ms)
{
	const struct timespec wait = {
	    .tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000L};
	sigset_t all;

	if (s->has_taken_one)
		return true;
	sigfillset(&all);
	s->has_taken_one = sigtimedwait(&all, &s->taken, &wait) > 0;
	return s->has_taken_one;
}

static bool
next_signal(struct signals *s, struct signalfd_siginfo *info)
{
	const siginfo_t *t = &s->taken;

	if (s->fd >= 0)
		return read(s->fd, info, sizeof(*info)) == sizeof(*info);
	if (!take_one(s, 0))
		return false;
	s->has_taken_one = false;
	memset(info, 0, sizeof(*info));
	info->ssi_signo = (uint32_t)t->si_signo;
	info->ssi_code = t->si_code;
	info->ssi_pid = (uint32_t)t->si_pid;
	info->ssi_ptr = (uint64_t)(uintptr_t)t->si_value.sival_ptr;
	return true;
}

int
signals_poll(struct signals *s, struct pollfd *fds, nfds_t count, int wait_ms)
{
	bool room = s->waiting_len < SIGNALS_WAITING_MAX;
	int left_ms = wait_ms, ready;

	fds[0].revents = 0;
	fds[0].fd = room ? s->fd : -1;
	if (s->fd >= 0 || !room)
		return poll(fds, count, wait_ms);
	/* Signals end the wait at once, all else a moment later. */
	for (;;) {
		int slice_ms = left_ms < 0 || left_ms > SIGNALS_SLICE_MS
		    ? SIGNALS_SLICE_MS
		    : left_ms;

		ready = poll(fds + 1, count - 1, 0);
		if (take_one(s, ready > 0 ? 0 : slice_ms)) {
			fds[0].revents = POLLIN;
			return ready > 0 ? ready + 1 : 1;
		}
		if (ready != 0 || (left_ms >= 0 && slice_ms == left_ms))
			return ready;
		if (left_ms > 0)
			left_ms -= slice_ms;
	}
}

static bool
is_by_process(int code)
{
	return code == SI_USER || code == SI_QUEUE || code == SI_TKILL;
}

/* Is the signal our own business and nobody else's: a failed write of ours, or
 * a call to go on? */
static bool
is_our_own(const struct signalfd_siginfo *info, const struct signals *s)
{
	pid_t sender = (pid_t)info->ssi_pid;

	if (!is_by_process(info->ssi_code))
		return false;
	if (sender == getpid())
		return info->ssi_signo == SIGPIPE || info->ssi_signo == SIGXFSZ;
	return sender > 0 && sender == s->witness.pid;
}

/* Is it the command or a process below it? A process that has sent the signal
 * and is gone can't be told from others. */
static bool
is_of_command(pid_t sender, pid_t command)
{
	return sender == command ||
	    (sender > 0 && procstat_is_below(sender, command));
}

static bool
is_same(const struct signals_waiting *a, const struct signals_waiting *b)
{
	return a->signo == b->signo && a->sender == b->sender &&
	    a->signo < SIGRTMIN;
}

static void
keep(struct signals *s, const struct signalfd_siginfo *info, pid_t command,
    int64_t now_ms)
{
	struct signals_waiting *w = &s->waiting[s->waiting_len];

	if (is_our_own(info, s))
		return;
	w->signo = (int)info->ssi_signo;
	w->code = info->ssi_code;
	w->sender = is_by_process(w->code) ? (pid_t)info->ssi_pid : 0;
	w->value.sival_ptr = (void *)(uintptr_t)info->ssi_ptr;
	w->due_ms = now_ms + SIGNALS_PASS_MS;
	w->for_caller = is_of_command(w->sender, command);
	w->early = s->takes == 1;
	w->take = s->takes;
	/* The kernel, too, drops the second of a pending pair. */
	for (int i = 0; i < s->waiting_len; i++)
		if (is_same(&s->waiting[i], w))
			return;
	s->waiting_len++;
}

/* All signals of which the witness had told so long before are read. */
static void
forget_heard(struct signals *s, int64_t now_ms)
{
	for (size_t i = 0; i < SIGNALS_HEARD_MAX; i++)
		if (s->heard[i].last_take == 0 &&
		    s->heard[i].at_ms + SIGNALS_PASS_MS <= now_ms)
			s->heard[i].last_take = s->takes;
	if (s->forget_ms <= now_ms)
		s->forget_ms = 0;
}

void
signals_take(
    struct signals *s, pid_t command, int64_t now_ms, struct signals_seen *seen)
{
	struct signalfd_siginfo info;

	memset(seen, 0, sizeof(*seen));
	s->takes++;
	while (s->waiting_len < SIGNALS_WAITING_MAX && next_signal(s, &info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			seen->child = true;
			/* The signal does not report a child: somebody sent
			 * it. */
			if (is_by_process(info.ssi_code))
				break;
			continue;
		case SIGINT:
		case SIGTERM:
		case SIGHUP:
		case SIGQUIT:
			seen->hurry = command == 0;
			break;
		case SIGTSTP:
			seen->stop = command == 0;
			break;
		}
		if (command > 0)
			keep(s, &info, command, now_ms);
	}
	if (s->waiting_len < SIGNALS_WAITING_MAX)
		forget_heard(s, now_ms);
}

/* Asks the witness what it has had since. Returns false if there is no
 * witness. */
static bool
ask(struct signals *s)
{
	struct witness_heard heard[WITNESS_HEARD_MAX];
	int len;

	do {
		len = witness_ask(&s->witness, heard);
		for (int i = 0; i < len; i++) {
			s->heard[s->heard_at].what = heard[i];
			s->heard[s->heard_at].at_ms = now_ms();
			s->heard[s->heard_at].last_take = 0;
			s->heard_at = (s->heard_at + 1) % SIGNALS_HEARD_MAX;
			s->forget_ms = now_ms() + SIGNALS_PASS_MS;
		}
	} while (len == WITNESS_HEARD_MAX);
	return len >= 0;
}

/* Has the witness had the same signal of the same sender, at about the same
 * time, however late we came to read ours? What it had counts once: the next one
 * may be for us alone. */
static bool
was_for_group(struct signals *s, const struct signals_waiting *w)
{
	for (size_t i = 0; i < SIGNALS_HEARD_MAX; i++) {
		if (s->heard[i].what.signo != w->signo ||
		    s->heard[i].what.sender != w->sender ||
		    (s->heard[i].last_take != 0 &&
			s->heard[i].last_take < w->take))
			continue;
		s->heard[i].what.signo = 0;
		return true;
	}
	return false;
}

static void
send_on(pid_t pid, const struct signals_waiting *w)
{
	if (w->code == SI_QUEUE)
		sigqueue(pid, w->signo, w->value);
	else
		kill(pid, w->signo);
}

/* A command that makes itself the leader of a group would have been it already
 * in our place, and a signal to our group would have been one to its own. */
static bool
leads_our_group(pid_t command)
{
	return getpgrp() == getpid() && getpgid(command) == command &&
	    getsid(command) == getsid(0);
}

static void
pass(struct signals *s, const struct signals_waiting *w, pid_t command,
    bool has_witness)
{
	bool to_group =
	    has_witness ? was_for_group(s, w) : w->sender == 0 || w->for_caller;

	/* The witness is older than the command, which may not have got what
	 * came between them. If it has, it had hardly begun and has no
	 * handler that could count. */
	if (w->early && w->sender != 0 && !w->for_caller)
		to_group = false;
	if (to_group) {
		if (command > 0 && leads_our_group(command))
			kill(-command, w->signo);
	} else if (!w->for_caller) {
		if (command > 0)
			send_on(command, w);
	} else if (s->caller > 0 && getppid() == s->caller) {
		send_on(s->caller, w);
	}
}

/* Passes on all that is due by then. If `command` is 0, it is over. */
static int64_t
pass_until(struct signals *s, pid_t command, int64_t due_ms)
{
	int64_t next_ms = -1;
	int left = 0;
	bool asked = false, has_witness = false;

	for (int i = 0; i < s->waiting_len; i++) {
		struct signals_waiting *w = &s->waiting[i];

		if (w->due_ms > due_ms) {
			if (next_ms < 0 || w->due_ms < next_ms)
				next_ms = w->due_ms;
			s->waiting[left++] = *w;
			continue;
		}
		if (!asked)
			has_witness = ask(s);
		asked = true;
		pass(s, w, command, has_witness);
	}
	s->waiting_len = left;
	return next_ms;
}

int64_t
signals_pass(struct signals *s, pid_t command, int64_t now_ms)
{
	int64_t next_ms = pass_until(s, command, now_ms);

	if (s->forget_ms != 0 && (next_ms < 0 || s->forget_ms < next_ms))
		return s->forget_ms;
	return next_ms;
}

void
signals_finish(struct signals *s)
{
	pass_until(s, 0, INT64_MAX);
	witness_end(&s->witness);
}

void
signals_reap(struct signals *s)
{
	witness_reap(&s->witness);
}

/* Has the kernel do to us what it does for `signo` by default. */
static void
suffer(int signo)
{
	struct sigaction by_default = {.sa_handler = SIG_DFL};
	sigset_t one;

	sigaction(signo, &by_default, NULL);
	kill(getpid(), signo);
	sigemptyset(&one);
	sigaddset(&one, signo);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	sigprocmask(SIG_BLOCK, &one, NULL);
}

void
signals_stop_with(struct signals *s, pid_t command, int signo)
{
	/* Somebody continues us at this moment, and so the command, too. */
	for (int i = 0; i < s->waiting_len; i++)
		if (s->waiting[i].signo == SIGCONT)
			return;
	/* Nothing would wake us if the command alone went on. */
	if (!s->witness.answers && signo == SIGSTOP)
		return;
	/* A SIGCONT takes away a SIGTSTP that nobody has read. */
	ask(s);
	witness_watch(&s->witness, command);
	suffer(signo);
	witness_heed(&s->witness);
}

void
signals_stop_self(int signo)
{
	suffer(signo);
}

void
signals_die_of(int signo)
{
	struct rlimit none = {0, 0};

	/* We do both, because a core_pattern that is a pipe ignores the
	 * limit. */
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	suffer(signo);
}

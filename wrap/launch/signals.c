#include "wrap/launch/signals.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

void
signals_hold(struct signals *s)
{
	struct sigaction by_default = {.sa_handler = SIG_DFL};
	sigset_t all;

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	s->continued_ms = INT64_MIN / 2;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &s->entry_mask);
	/* Ignored at entry, the kernel would throw away the command's status.
	 * Else it stays: one that waits would be lost. */
	sigaction(SIGCHLD, NULL, &s->entry_child);
	if (s->entry_child.sa_handler == SIG_IGN)
		sigaction(SIGCHLD, &by_default, NULL);
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
	return s->fd < 0 ? -errno : 0;
}

/* The kernel's signals go to the terminal's group, so the command has them
 * already. Two are for one process alone, and would be the command's if it were
 * in our place: an alarm that a parent set before it executed us, and, if we
 * lead the session (`ssh -t host itrack-wrap ...`), the hang-up. */
static bool
is_for_us_alone(const struct signalfd_siginfo *info)
{
	switch (info->ssi_signo) {
	case SIGALRM:
		return true;
	case SIGHUP:
	case SIGCONT:
		return getsid(0) == getpid();
	default:
		return false;
	}
}

/* Was it sent by a process? Not by the command: what that sends to its group or
 * its parent is not for itself. */
static bool
is_for_command(const struct signalfd_siginfo *info, pid_t command)
{
	if (info->ssi_code == SI_KERNEL)
		return is_for_us_alone(info);
	if (info->ssi_code != SI_USER && info->ssi_code != SI_QUEUE &&
	    info->ssi_code != SI_TKILL)
		return false;
	return info->ssi_pid != (uint32_t)command &&
	    info->ssi_pid != (uint32_t)getpid();
}

static void
keep(struct signals *s, const struct signalfd_siginfo *info, int64_t now_ms)
{
	int signo = (int)info->ssi_signo;

	if (signo == SIGCONT && now_ms - s->continued_ms < SIGNALS_PASS_MS)
		return;
	for (int i = 0; i < s->waiting_len; i++)
		if (s->waiting[i].signo == signo && signo < SIGRTMIN)
			return;
	if (s->waiting_len == SIGNALS_WAITING_MAX)
		return;
	s->waiting[s->waiting_len].signo = signo;
	s->waiting[s->waiting_len].code = info->ssi_code;
	s->waiting[s->waiting_len].value.sival_ptr =
	    (void *)(uintptr_t)info->ssi_ptr;
	s->waiting[s->waiting_len].due_ms = now_ms + SIGNALS_PASS_MS;
	s->waiting_len++;
}

void
signals_take(
    struct signals *s, pid_t command, int64_t now_ms, struct signals_seen *seen)
{
	struct signalfd_siginfo infos[8];
	ssize_t got;

	memset(seen, 0, sizeof(*seen));
	while ((got = read(s->fd, infos, sizeof(infos))) > 0) {
		for (size_t i = 0; i < (size_t)got / sizeof(infos[0]); i++) {
			switch (infos[i].ssi_signo) {
			case SIGCHLD:
				seen->child = true;
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
			if (command > 0 && is_for_command(&infos[i], command))
				keep(s, &infos[i], now_ms);
		}
	}
}

int64_t
signals_pass(struct signals *s, pid_t command, int64_t now_ms)
{
	int64_t next_ms = -1;
	int left = 0;

	for (int i = 0; i < s->waiting_len; i++) {
		if (s->waiting[i].due_ms > now_ms) {
			if (next_ms < 0 || s->waiting[i].due_ms < next_ms)
				next_ms = s->waiting[i].due_ms;
			s->waiting[left++] = s->waiting[i];
		} else if (s->waiting[i].code == SI_QUEUE) {
			sigqueue(
			    command, s->waiting[i].signo, s->waiting[i].value);
		} else {
			kill(command, s->waiting[i].signo);
		}
	}
	s->waiting_len = left;
	return next_ms;
}

void
signals_continued(struct signals *s, int64_t now_ms)
{
	int left = 0;

	s->continued_ms = now_ms;
	for (int i = 0; i < s->waiting_len; i++)
		if (s->waiting[i].signo != SIGCONT)
			s->waiting[left++] = s->waiting[i];
	s->waiting_len = left;
}

void
signals_forget(struct signals *s)
{
	s->waiting_len = 0;
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
signals_stop_self(int signo)
{
	suffer(signo);
}

void
signals_die_of(int signo)
{
	struct rlimit none = {0, 0};

	/* Both: a core_pattern that is a pipe ignores the limit. */
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	suffer(signo);
}

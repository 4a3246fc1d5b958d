#include "wrap/launch/inherit.h"

#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int timer_kinds[INHERIT_TIMERS] = {
    ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};

/* A child falls back to normal scheduling where SCHED_RESET_ON_FORK is set. */
static void
take_scheduling(uint32_t scheduling[INHERIT_SCHEDULING_WORDS])
{
	int policy = sched_getscheduler(0);

	scheduling[0] = 0;
	if (policy < 0 || (policy & SCHED_RESET_ON_FORK) == 0)
		return;
	if (syscall(SYS_sched_getattr, 0, scheduling,
		INHERIT_SCHEDULING_WORDS * sizeof(*scheduling), 0) < 0)
		scheduling[0] = 0;
}

void
inherit_take(struct inherit *in, const sigset_t *blocked)
{
	static const struct itimerval none;
	static const struct timespec at_once;

	in->launcher = getpid();
	in->parent_death = in->subreaper = in->pending_len = 0;
	prctl(PR_GET_PDEATHSIG, &in->parent_death);
	prctl(PR_GET_CHILD_SUBREAPER, &in->subreaper);
	take_scheduling(in->scheduling);
	for (int i = 0; i < INHERIT_TIMERS; i++)
		setitimer(timer_kinds[i], &none, &in->timers[i]);
	/* We look after the timers were stopped, because one may have sent a
	 * signal just now. */
	while (in->pending_len < INHERIT_PENDING_MAX &&
	    sigtimedwait(blocked, &in->pending[in->pending_len], &at_once) > 0)
		in->pending_len++;
}

void
inherit_give(const struct inherit *in)
{
	pid_t pid = getpid();

	if (in->parent_death != 0) {
		prctl(PR_SET_PDEATHSIG, in->parent_death);
		/* If the launcher was killed before this, the kernel sends
		 * nothing. */
		if (pid != in->launcher && getppid() != in->launcher)
			kill(pid, in->parent_death);
	}
	if (in->subreaper != 0)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (in->scheduling[0] != 0)
		syscall(SYS_sched_setattr, 0, in->scheduling, 0);
	for (int i = 0; i < INHERIT_TIMERS; i++)
		if (in->timers[i].it_value.tv_sec != 0 ||
		    in->timers[i].it_value.tv_usec != 0)
			setitimer(timer_kinds[i], &in->timers[i], NULL);
	/* The signals get their old senders: of a signal to itself a process
	 * may say who sent it. */
	for (int i = 0; i < in->pending_len; i++)
		syscall(SYS_rt_sigqueueinfo, pid, in->pending[i].si_signo,
		    &in->pending[i]);
}

void
inherit_drop(const struct inherit *in)
{
	/* What the command leaves behind gets the parent that it would get
	 * without us. */
	if (in->subreaper != 0)
		prctl(PR_SET_CHILD_SUBREAPER, 0);
}

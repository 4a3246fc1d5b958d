#include "wrap/worker/stopper.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wrap/link/link.h"
#include "wrap/worker/proc.h"

/* Does nothing: the turn that follows sends the signal. */
static void
on_timer(struct loop_timer *timer)
{
	(void)timer;
}

void
stopper_prepare(struct stopper *s, struct loop *loop, pid_t command)
{
	*s = (struct stopper){
	    .loop = loop, .command = -1, .timer = {.fire = on_timer}};
	s->command = (int)syscall(SYS_pidfd_open, command, 0);
	/* It is the command's if the process is our parent's child even now. */
	if (s->command >= 0 && proc_parent(command) != getppid()) {
		close(s->command);
		s->command = -1;
	}
}

void
stopper_ask(struct stopper *s)
{
	if (s->asked)
		return;
	s->asked = true;
	loop_kick(s->loop);
}

static void
send_signal(int command, int signal)
{
	syscall(SYS_pidfd_send_signal, command, signal, NULL, 0);
}

/* The launcher may have been killed before it sent the first signal, or behind
 * it: the second comes in any case. */
static void
send_own(struct stopper *s)
{
	if (s->command < 0 || s->own >= 2 || s->timer.set)
		return;
	if (s->own == 0 && !s->told)
		send_signal(s->command, SIGINT);
	else if (s->own == 1)
		send_signal(s->command, SIGTERM);
	if (s->own++ == 0)
		loop_timer_set(s->loop, &s->timer, LINK_STOP_MS);
}

void
stopper_turn(struct stopper *s, int link)
{
	const struct link_packet packet = {.type = LINK_STOP};

	if (!s->asked)
		return;
	if (link < 0)
		send_own(s);
	else if (!s->told)
		/* If its queue is full, it is told in the next turn. */
		s->told = link_send(link, &packet) == 0;
}

void
stopper_release(struct stopper *s)
{
	if (s->loop == NULL)
		return;
	loop_timer_cancel(s->loop, &s->timer);
	if (s->command >= 0)
		close(s->command);
}

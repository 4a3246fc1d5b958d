#include "wrap/worker/stopper.h"

#include <signal.h>
#include <sys/pidfd.h>
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
	s->command = pidfd_open(command, 0);
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

/* The launcher may have been killed before it sent the first signal, or behind
 * it: the second comes in any case. */
static void
send_own(struct stopper *s)
{
	if (s->command < 0 || s->own >= 2 || s->timer.set)
		return;
	if (s->own == 0 && !s->told)
		pidfd_send_signal(s->command, SIGINT, NULL, 0);
	else if (s->own == 1)
		pidfd_send_signal(s->command, SIGTERM, NULL, 0);
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

#include "wrap/attempt/stop.h"

#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void
on_signal(struct loop_io *io, uint32_t events)
{
	struct stop *stop = io->data;
	struct signalfd_siginfo info;

	(void)events;
	if (read(io->fd, &info, sizeof info) == sizeof info)
		stop->asked = true;
}

void
stop_init(struct stop *stop, struct loop *loop)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	stop->asked = false;
	stop->io = (struct loop_io){.fd = signalfd(-1, &set, SFD_CLOEXEC),
	    .ready = on_signal,
	    .data = stop};
	/* Where a filter or the kernel has no signalfd, the signals end us at
	 * once, and a sync goes on from there. */
	if (stop->io.fd < 0)
		sigprocmask(SIG_UNBLOCK, &set, NULL);
	else
		loop_add(loop, &stop->io, EPOLLIN);
}

void
stop_release(struct stop *stop, struct loop *loop)
{
	loop_remove(loop, &stop->io);
	if (stop->io.fd >= 0)
		close(stop->io.fd);
}

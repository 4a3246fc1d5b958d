#include "base/lifeline.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/process.h"

#define LOOK_MS 100

static void
cut(struct lifeline *line)
{
	lifeline_let_go(line);
	line->cut(line);
}

static void
on_ready(struct loop_io *io, uint32_t events)
{
	(void)events;
	cut(io->data);
}

static void
on_timer(struct loop_timer *timer)
{
	struct lifeline *line = timer->data;

	if (lifeline_lives(line))
		loop_timer_set(line->loop, timer, LOOK_MS);
	else
		cut(line);
}

static int
hold_by_timer(struct lifeline *line)
{
	/* Without /proc nothing tells it from a later one of its number, or its end
	 * from its being waited for. */
	if (access("/proc/self", F_OK) < 0)
		return -ENOSYS;
	line->start = process_start(line->pid);
	if (process_is_gone(line->pid, line->start))
		return -ESRCH;
	line->io.fd = -1;
	line->timer = (struct loop_timer){.fire = on_timer, .data = line};
	loop_timer_set(line->loop, &line->timer, LOOK_MS);
	return 0;
}

int
lifeline_hold(struct lifeline *line, struct loop *loop, pid_t pid)
{
	int fd, result;

	lifeline_let_go(line);
	line->loop = loop;
	line->pid = pid;
	/* glibc has had a function for it since 2.36. */
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0 && errno == ESRCH)
		return -ESRCH;
	if (fd >= 0) {
		line->io =
		    (struct loop_io){.fd = fd, .ready = on_ready, .data = line};
		result = loop_add(loop, &line->io, EPOLLIN);
		if (result < 0)
			close(fd);
	} else {
		result = hold_by_timer(line);
	}
	line->held = result == 0;
	return result;
}

void
lifeline_let_go(struct lifeline *line)
{
	if (!line->held)
		return;
	line->held = false;
	if (line->io.fd >= 0) {
		loop_remove(line->loop, &line->io);
		close(line->io.fd);
	} else {
		loop_timer_cancel(line->loop, &line->timer);
	}
}

bool
lifeline_lives(const struct lifeline *line)
{
	struct pollfd fd = {.fd = line->io.fd, .events = POLLIN};

	if (!line->held)
		return false;
	if (line->io.fd >= 0)
		return poll(&fd, 1, 0) == 0;
	return !process_is_gone(line->pid, line->start);
}

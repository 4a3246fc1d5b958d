#include "base/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"

/* How many events epoll gives at once; more wait for the next turn. */
#define EVENTS_A_TURN 32
/* What the kernel has no room for is asked of it again so often. */
#define REFUSED_MS 100

struct loop {
	int epoll; /* -1: there is none, and all descriptors are `refused` */
	bool running;
	/* The events of this turn: a callback may remove one that was not
	 * handled yet. */
	struct epoll_event events[EVENTS_A_TURN];
	int event_count;
	TAILQ_HEAD(, loop_io) refused;
	TAILQ_HEAD(, loop_timer) timers; /* sorted by due_ms */
	TAILQ_HEAD(, loop_turn) turns;
	struct loop_turn *next_turn; /* the next to call at the end */
	bool kicked;                 /* the next wait ends at once */
	uint64_t turn;               /* counts */
};

/* Past libc, as base/clock.c: a preloaded library may stretch the wait. */
static int
epoll_events(int epoll, struct epoll_event *events, int ms)
{
	return (int)syscall(SYS_epoll_pwait, epoll, events, EVENTS_A_TURN, ms,
	    NULL, (size_t)_NSIG / 8);
}

/* Whoever refuses one of the three has no use for the others. */
static int
open_epoll(void)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = {0};

	if (epoll >= 0 && epoll_events(epoll, &event, 0) == 0 &&
	    epoll_ctl(epoll, EPOLL_CTL_ADD, -1, &event) < 0 && errno == EBADF)
		return epoll;
	if (errno != ENOSYS && errno != EPERM)
		die("no event loop: %s", strerror(errno));
	if (epoll >= 0)
		close(epoll);
	return -1;
}

struct loop *
loop_new(void)
{
	struct loop *loop = xcalloc(1, sizeof *loop);

	loop->epoll = open_epoll();
	TAILQ_INIT(&loop->refused);
	TAILQ_INIT(&loop->timers);
	TAILQ_INIT(&loop->turns);
	return loop;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	if (loop->epoll >= 0)
		close(loop->epoll);
	free(loop);
}

/* What epoll says of a descriptor that is always ready, such as a file. */
static int
is_to_be_waited_for(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? -EPERM : 0;
}

static int
ask_kernel(struct loop *loop, struct loop_io *io)
{
	struct epoll_event event = {.events = io->events, .data.ptr = io};
	int op = io->added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (epoll_ctl(loop->epoll, op, io->fd, &event) < 0)
		return -errno;
	io->added = true;
	return 0;
}

static void
forget_refusal(struct loop *loop, struct loop_io *io)
{
	if (io->refused)
		TAILQ_REMOVE(&loop->refused, io, link);
	io->refused = false;
}

int
loop_add(struct loop *loop, struct loop_io *io, uint32_t events)
{
	int result;

	forget_refusal(loop, io);
	io->events = events;
	result = loop->epoll >= 0 ? ask_kernel(loop, io)
				  : is_to_be_waited_for(io->fd);
	/* What would wait for it in vain waits a little longer instead. */
	if (result == -ENOSPC || result == -ENOMEM ||
	    (result == 0 && loop->epoll < 0)) {
		io->refused = true;
		TAILQ_INSERT_TAIL(&loop->refused, io, link);
		result = 0;
	}
	return result;
}

static void
ask_again(struct loop *loop)
{
	struct loop_io *io, *next;

	TAILQ_FOREACH_SAFE (io, &loop->refused, link, next)
		if (ask_kernel(loop, io) == 0)
			forget_refusal(loop, io);
}

void
loop_remove(struct loop *loop, struct loop_io *io)
{
	forget_refusal(loop, io);
	if (io->added)
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, io->fd, NULL);
	io->added = false;
	for (int i = 0; i < loop->event_count; i++)
		if (loop->events[i].data.ptr == io)
			loop->events[i].data.ptr = NULL;
}

void
loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t delay_ms)
{
	struct loop_timer *later;

	loop_timer_cancel(loop, timer);
	timer->due_ms = clock_mono_ms() + delay_ms;
	timer->set = true;
	timer->set_in_turn = loop->turn;
	TAILQ_FOREACH (later, &loop->timers, link)
		if (later->due_ms > timer->due_ms)
			break;
	if (later != NULL)
		TAILQ_INSERT_BEFORE(later, timer, link);
	else
		TAILQ_INSERT_TAIL(&loop->timers, timer, link);
}

void
loop_timer_cancel(struct loop *loop, struct loop_timer *timer)
{
	if (!timer->set)
		return;
	TAILQ_REMOVE(&loop->timers, timer, link);
	timer->set = false;
}

void
loop_turn_add(struct loop *loop, struct loop_turn *turn)
{
	if (!turn->added)
		TAILQ_INSERT_TAIL(&loop->turns, turn, link);
	turn->added = true;
}

void
loop_turn_remove(struct loop *loop, struct loop_turn *turn)
{
	if (!turn->added)
		return;
	if (loop->next_turn == turn)
		loop->next_turn = TAILQ_NEXT(turn, link);
	TAILQ_REMOVE(&loop->turns, turn, link);
	turn->added = false;
}

static int
wait_ms(const struct loop *loop)
{
	const struct loop_timer *first = TAILQ_FIRST(&loop->timers);
	int64_t left;
	bool asks = loop->epoll >= 0 && !TAILQ_EMPTY(&loop->refused);
	int most = asks ? REFUSED_MS : -1;

	if (loop->kicked)
		return 0;
	if (first == NULL)
		return most;
	left = first->due_ms - clock_mono_ms();
	if (left <= 0)
		return 0;
	if (most >= 0 && left > most)
		return most;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

/* Those that were ready go behind all others, so that more than there are events
 * get their turn. */
static void
put_behind(struct loop *loop, struct loop_io *io)
{
	TAILQ_REMOVE(&loop->refused, io, link);
	TAILQ_INSERT_TAIL(&loop->refused, io, link);
}

static int
poll_events(struct loop *loop, int ms)
{
	struct pollfd *fds = NULL;
	size_t count = 0, i = 0;
	struct loop_io *io;
	int n = 0;

	TAILQ_FOREACH (io, &loop->refused, link)
		count++;
	fds = xreallocarray(NULL, count + 1, sizeof *fds);
	TAILQ_FOREACH (io, &loop->refused, link)
		fds[i++] =
		    (struct pollfd){.fd = io->fd, .events = (short)io->events};
	if (poll(fds, count, ms) <= 0)
		count = 0;
	io = TAILQ_FIRST(&loop->refused);
	for (i = 0; i < count && n < EVENTS_A_TURN; i++) {
		struct loop_io *next = TAILQ_NEXT(io, link);

		if (fds[i].revents != 0) {
			loop->events[n++] = (struct epoll_event){
			    .events = (uint32_t)fds[i].revents, .data.ptr = io};
			put_behind(loop, io);
		}
		io = next;
	}
	free(fds);
	return n;
}

/* A timer that was set in this turn waits for the next one, so a timer that
 * sets itself to 0 never starves the descriptors. */
static void
fire_timers(struct loop *loop)
{
	int64_t now_ms = clock_mono_ms();
	struct loop_timer *timer;

	while ((timer = TAILQ_FIRST(&loop->timers)) != NULL &&
	    timer->due_ms <= now_ms && timer->set_in_turn != loop->turn) {
		loop_timer_cancel(loop, timer);
		timer->fire(timer);
	}
}

static void
end_turn(struct loop *loop)
{
	struct loop_turn *turn;

	for (turn = TAILQ_FIRST(&loop->turns); turn != NULL;
	     turn = loop->next_turn) {
		loop->next_turn = TAILQ_NEXT(turn, link);
		turn->end(turn);
	}
}

void
loop_run(struct loop *loop)
{
	loop->running = true;
	while (loop->running) {
		int n;

		loop->turn++;
		if (loop->epoll >= 0) {
			ask_again(loop);
			n = epoll_events(
			    loop->epoll, loop->events, wait_ms(loop));
		} else {
			n = poll_events(loop, wait_ms(loop));
		}
		loop->kicked = false;
		loop->event_count = n > 0 ? n : 0;
		for (int i = 0; i < loop->event_count; i++) {
			struct loop_io *io = loop->events[i].data.ptr;

			if (io != NULL)
				io->ready(io, loop->events[i].events);
		}
		loop->event_count = 0;
		fire_timers(loop);
		end_turn(loop);
	}
}

void
loop_kick(struct loop *loop)
{
	loop->kicked = true;
}

void
loop_stop(struct loop *loop)
{
	loop->running = false;
}

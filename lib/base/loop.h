/*
 * The worker's event loop: it waits for descriptors and timers, and calls
 * functions at the end of each turn. It runs in one thread and blocks only in
 * loop_run's own wait.
 *
 *	struct loop *loop = loop_new();
 *	io.fd = fd; io.ready = on_ready; loop_add(loop, &io, EPOLLIN);
 *	loop_timer_set(loop, &timer, 100);
 *	loop_run(loop);            until loop_stop()
 *	loop_free(loop);
 *
 * The structs are embedded by their users, who zero them, fill the callback
 * and keep them alive while they are added. A callback may add, change or
 * remove any of them, its own too.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct loop;

struct loop_io {
	int fd;
	/* events: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR as epoll gives them. */
	void (*ready)(struct loop_io *io, uint32_t events);
	void *data; /* the user's own */
	bool added;
	/* The kernel had no room for it, or for its new events, and is asked
	 * again; or a filter lets us have no epoll, and poll() waits for it. */
	bool refused;
	uint32_t events;
	TAILQ_ENTRY(loop_io) link;
};

struct loop_timer {
	void (*fire)(struct loop_timer *timer);
	void *data; /* the user's own */
	int64_t due_ms;
	bool set;
	uint64_t set_in_turn; /* private */
	TAILQ_ENTRY(loop_timer) link;
};

/* Called once after the callbacks of every turn, in order of addition. */
struct loop_turn {
	void (*end)(struct loop_turn *turn);
	void *data; /* the user's own */
	bool added;
	TAILQ_ENTRY(loop_turn) link;
};

struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* events: EPOLLIN, EPOLLOUT; again with others changes them. Where the kernel
 * has no room (ENOMEM, ENOSPC) the loop asks it again until it has. Returns 0 or
 * a negative errno (-EPERM: the descriptor can't be waited for). */
int loop_add(struct loop *loop, struct loop_io *io, uint32_t events);
void loop_remove(struct loop *loop, struct loop_io *io);

/* Makes the timer fire once, `delay_ms` from now (0: in the next turn); setting
 * it again moves it. */
void loop_timer_set(
    struct loop *loop, struct loop_timer *timer, int64_t delay_ms);
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer);

void loop_turn_add(struct loop *loop, struct loop_turn *turn);
void loop_turn_remove(struct loop *loop, struct loop_turn *turn);

void loop_run(struct loop *loop);
/* Makes the next turn begin at once, without waiting for events. */
void loop_kick(struct loop *loop);

/* Makes loop_run return after the turn. */
void loop_stop(struct loop *loop);

#endif

#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "tap.h"

static struct loop *loop;
static int fired, order[8], turns;
static struct loop_timer victim;

static void
note(struct loop_timer *timer)
{
	order[fired++] = (int)(intptr_t)timer->data;
	if (fired == 4)
		loop_stop(loop);
}

static void
cancel_victim(struct loop_timer *timer)
{
	(void)timer;
	loop_timer_cancel(loop, &victim);
}

static void
count_turn(struct loop_turn *turn)
{
	turns++;
	if (turns == 1)
		loop_turn_remove(loop, turn);
}

static void
read_byte(struct loop_io *io, uint32_t events)
{
	char byte;

	ok((events & EPOLLIN) != 0, "a readable pipe is reported");
	ok(read(io->fd, &byte, 1) == 1, "and can be read");
	loop_remove(loop, io);
	order[fired++] = 9;
}

static void
again(struct loop_timer *timer)
{
	static int times;

	if (++times < 3)
		loop_timer_set(loop, timer, 0);
	else
		loop_stop(loop);
}

int
main(void)
{
	struct loop_timer a = {.fire = note, .data = (void *)1};
	struct loop_timer b = {.fire = note, .data = (void *)2};
	struct loop_timer c = {.fire = note, .data = (void *)3};
	struct loop_timer killer = {.fire = cancel_victim};
	struct loop_timer zero = {.fire = again};
	struct loop_turn turn = {.end = count_turn};
	struct loop_io io = {.ready = read_byte};
	int pipe_fds[2];
	int64_t start_ms;

	loop = loop_new();
	victim = (struct loop_timer){.fire = note, .data = (void *)7};
	if (pipe(pipe_fds) < 0 || write(pipe_fds[1], "x", 1) != 1)
		return 1;
	io.fd = pipe_fds[0];
	ok(loop_add(loop, &io, EPOLLIN) == 0, "a pipe is taken");
	loop_timer_set(loop, &b, 20);
	loop_timer_set(loop, &c, 40);
	loop_timer_set(loop, &a, 0);
	loop_timer_set(loop, &victim, 30);
	loop_timer_set(loop, &killer, 10);
	loop_timer_set(loop, &c, 25);
	loop_turn_add(loop, &turn);
	start_ms = clock_mono_ms();
	loop_run(loop);
	ok(clock_mono_ms() - start_ms >= 25, "timers wait");
	is_int(order[0], 9, "descriptors come before timers");
	is_int(order[1], 1, "the earliest timer is first");
	is_int(order[2], 2, "then the next");
	is_int(order[3], 3, "a timer set again fires once, at its new time");
	is_int(fired, 4, "a cancelled timer does not fire");
	is_int(turns, 1, "a turn's end may remove itself");
	loop_timer_set(loop, &zero, 0);
	loop_run(loop);
	ok(true, "a timer that sets itself to 0 ends");
	loop_free(loop);
	return done_testing();
}

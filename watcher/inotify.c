#include "watcher/inotify.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/remote_fs.h"

/* What can mean news in a run directory or in the directory above it. */
#define MASK                                                            \
	(IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO |         \
	    IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | \
	    IN_ONLYDIR)

/* So long the instance stays open after its last watch. The kernel frees a watch
 * behind our back, in two works; where close() comes in between, it has to wait for
 * both, which wait for each other: 7 to 16 ms (Linux 6.18). */
#define FREED_US 500

/* Longer, and somebody would see that a record comes late. */
#define REST_MS 3

struct inotify {
	struct loop *loop;
	int fd; /* -1: no inotify */
	struct loop_io io;
	struct loop_timer slow_timer, rest;
	const char *limited;
	uint64_t count; /* of watches that there ever were */
	int64_t last_removed_us;
	RB_HEAD(inotify_watches, inotify_watch) watches;
	TAILQ_HEAD(, inotify_watch) slow, due;
};

/* Two watches of one directory have the same descriptor. */
static int
compare(const struct inotify_watch *a, const struct inotify_watch *b)
{
	if (a->descriptor != b->descriptor)
		return a->descriptor < b->descriptor ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

RB_GENERATE_INTERNAL(inotify_watches, inotify_watch, node, compare,
    __attribute__((unused)) static)

static void
put_due(struct inotify *inotify, struct inotify_watch *watch)
{
	if (!watch->due)
		TAILQ_INSERT_TAIL(&inotify->due, watch, due_link);
	watch->due = true;
}

/* The first watch of a descriptor, or of the next one that there is. */
static struct inotify_watch *
first_from(struct inotify *inotify, int descriptor)
{
	struct inotify_watch lowest = {.descriptor = descriptor, .number = 0};

	return RB_NFIND(inotify_watches, &inotify->watches, &lowest);
}

/* Callbacks may add and remove watches, so those that are due are marked
 * first. */
static void
call_due(struct inotify *inotify)
{
	struct inotify_watch *watch;

	while ((watch = TAILQ_FIRST(&inotify->due)) != NULL) {
		TAILQ_REMOVE(&inotify->due, watch, due_link);
		watch->due = false;
		watch->changed(watch);
	}
}

static void
mark(struct inotify *inotify, int descriptor, bool all)
{
	struct inotify_watch *watch = first_from(inotify, all ? 0 : descriptor);

	for (; watch != NULL && (all || watch->descriptor == descriptor);
	     watch = RB_NEXT(inotify_watches, &inotify->watches, watch))
		put_due(inotify, watch);
}

static void
on_rest_over(struct loop_timer *timer)
{
	struct inotify *inotify = timer->data;

	loop_add(inotify->loop, &inotify->io, EPOLLIN);
}

/* Takes what has happened by now, and nothing for the next REST_MS. Who writes
 * without a pause must not keep us here; and who writes record by record must not
 * wake us for each, which costs both of us more than the reading. */
static void
on_events(struct loop_io *io, uint32_t events)
{
	char bytes[16 * 1024]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	struct inotify *inotify = io->data;
	int left = 0;

	(void)events;
	ioctl(inotify->fd, FIONREAD, &left);
	do {
		ssize_t n = read(inotify->fd, bytes, sizeof bytes);

		left = n > 0 ? left - (int)n : 0;
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *e =
			    (const struct inotify_event *)(bytes + at);

			mark(inotify, e->wd, (e->mask & IN_Q_OVERFLOW) != 0);
			at += (ssize_t)(sizeof *e + e->len);
		}
	} while (left > 0);
	call_due(inotify);
	loop_add(inotify->loop, &inotify->io, 0);
	loop_timer_set(inotify->loop, &inotify->rest, REST_MS);
}

static void
on_slow_timer(struct loop_timer *timer)
{
	struct inotify *inotify = timer->data;
	struct inotify_watch *watch;

	TAILQ_FOREACH (watch, &inotify->slow, slow_link)
		put_due(inotify, watch);
	if (!TAILQ_EMPTY(&inotify->slow))
		loop_timer_set(inotify->loop, timer, INOTIFY_SLOW_MS);
	call_due(inotify);
}

struct inotify *
inotify_new(struct loop *loop)
{
	struct inotify *inotify = xcalloc(1, sizeof *inotify);

	inotify->loop = loop;
	RB_INIT(&inotify->watches);
	TAILQ_INIT(&inotify->slow);
	TAILQ_INIT(&inotify->due);
	inotify->slow_timer =
	    (struct loop_timer){.fire = on_slow_timer, .data = inotify};
	inotify->rest =
	    (struct loop_timer){.fire = on_rest_over, .data = inotify};
	inotify->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	inotify->io = (struct loop_io){
	    .fd = inotify->fd, .ready = on_events, .data = inotify};
	if (inotify->fd < 0)
		inotify->limited = "no inotify instance is left "
				   "(fs.inotify.max_user_instances)";
	else
		loop_add(loop, &inotify->io, EPOLLIN);
	return inotify;
}

static void
close_instance(const struct inotify *inotify)
{
	int64_t left_us = inotify->last_removed_us + FREED_US - clock_mono_us();

	if (left_us > 0)
		nanosleep(&(struct timespec){.tv_nsec = left_us * 1000}, NULL);
	close(inotify->fd);
}

void
inotify_free(struct inotify *inotify)
{
	if (inotify == NULL)
		return;
	loop_timer_cancel(inotify->loop, &inotify->slow_timer);
	loop_timer_cancel(inotify->loop, &inotify->rest);
	loop_remove(inotify->loop, &inotify->io);
	if (inotify->fd >= 0)
		close_instance(inotify);
	free(inotify);
}

int
inotify_add(struct inotify *inotify, struct inotify_watch *watch,
    const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(err, "%s", path);
	watch->inotify = inotify;
	watch->slow = remote_has_path(path);
	watch->descriptor = -1;
	if (inotify->fd >= 0) {
		watch->descriptor = inotify_add_watch(inotify->fd, path, MASK);
		if (watch->descriptor < 0 && errno != ENOSPC)
			return err_errno(err, "%s: can't watch", path);
		if (watch->descriptor < 0)
			inotify->limited = "no inotify watch is left "
					   "(fs.inotify.max_user_watches)";
	}
	if (watch->descriptor < 0)
		watch->slow = true;
	watch->number = ++inotify->count;
	if (watch->descriptor >= 0)
		RB_INSERT(inotify_watches, &inotify->watches, watch);
	if (watch->slow)
		TAILQ_INSERT_TAIL(&inotify->slow, watch, slow_link);
	watch->added = true;
	watch->due = false;
	if (watch->slow && !inotify->slow_timer.set)
		loop_timer_set(
		    inotify->loop, &inotify->slow_timer, INOTIFY_SLOW_MS);
	return 0;
}

void
inotify_remove(struct inotify_watch *watch)
{
	struct inotify *inotify = watch->inotify;
	struct inotify_watch *other;

	if (!watch->added)
		return;
	watch->added = false;
	if (watch->slow)
		TAILQ_REMOVE(&inotify->slow, watch, slow_link);
	if (watch->due)
		TAILQ_REMOVE(&inotify->due, watch, due_link);
	if (watch->descriptor < 0)
		return;
	RB_REMOVE(inotify_watches, &inotify->watches, watch);
	/* Two watches of one directory share the kernel's. */
	other = first_from(inotify, watch->descriptor);
	if (other != NULL && other->descriptor == watch->descriptor)
		return;
	inotify_rm_watch(inotify->fd, watch->descriptor);
	inotify->last_removed_us = clock_mono_us();
}

const char *
inotify_is_limited(const struct inotify *inotify)
{
	return inotify->limited;
}

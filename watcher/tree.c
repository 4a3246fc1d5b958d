#include "watcher/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/remote.h"

/* What can mean news in a run directory or in the directory above it. */
#define MASK                                                            \
	(IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO |         \
	    IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | \
	    IN_ONLYDIR)

struct tree {
	struct loop *loop;
	int fd; /* -1: no inotify */
	struct loop_io io;
	struct loop_timer slow_timer;
	const char *limited;
	TAILQ_HEAD(, tree_watch) watches;
};

/* Callbacks may add and remove watches, so those that are due are marked first
 * and then looked for from the front until none is left. */
static void
call_due(struct tree *tree)
{
	struct tree_watch *watch;

	do {
		TAILQ_FOREACH (watch, &tree->watches, link)
			if (watch->due)
				break;
		if (watch != NULL) {
			watch->due = false;
			watch->changed(watch);
		}
	} while (watch != NULL);
}

static void
mark(struct tree *tree, int descriptor, bool all)
{
	struct tree_watch *watch;

	TAILQ_FOREACH (watch, &tree->watches, link)
		if (all || watch->descriptor == descriptor)
			watch->due = true;
}

static void
on_events(struct loop_io *io, uint32_t events)
{
	char bytes[16 * 1024]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	struct tree *tree = io->data;
	ssize_t n;

	(void)events;
	while ((n = read(tree->fd, bytes, sizeof bytes)) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *e =
			    (const struct inotify_event *)(bytes + at);

			mark(tree, e->wd, (e->mask & IN_Q_OVERFLOW) != 0);
			at += (ssize_t)(sizeof *e + e->len);
		}
	call_due(tree);
}

static void
on_slow_timer(struct loop_timer *timer)
{
	struct tree *tree = timer->data;
	struct tree_watch *watch;
	bool any = false;

	TAILQ_FOREACH (watch, &tree->watches, link)
		if (watch->slow)
			watch->due = any = true;
	if (any)
		loop_timer_set(tree->loop, timer, TREE_SLOW_MS);
	call_due(tree);
}

struct tree *
tree_new(struct loop *loop)
{
	struct tree *tree = xcalloc(1, sizeof *tree);

	tree->loop = loop;
	TAILQ_INIT(&tree->watches);
	tree->slow_timer =
	    (struct loop_timer){.fire = on_slow_timer, .data = tree};
	tree->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	tree->io =
	    (struct loop_io){.fd = tree->fd, .ready = on_events, .data = tree};
	if (tree->fd < 0)
		tree->limited = "no inotify instance is left "
				"(fs.inotify.max_user_instances)";
	else
		loop_add(loop, &tree->io, EPOLLIN);
	return tree;
}

void
tree_free(struct tree *tree)
{
	if (tree == NULL)
		return;
	loop_timer_cancel(tree->loop, &tree->slow_timer);
	loop_remove(tree->loop, &tree->io);
	if (tree->fd >= 0)
		close(tree->fd);
	free(tree);
}

int
tree_add(struct tree *tree, struct tree_watch *watch, const char *path,
    struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(err, "%s", path);
	watch->tree = tree;
	watch->slow = remote_has_path(path);
	watch->descriptor = -1;
	if (tree->fd >= 0) {
		watch->descriptor = inotify_add_watch(tree->fd, path, MASK);
		if (watch->descriptor < 0 && errno != ENOSPC)
			return err_errno(err, "%s: can't watch", path);
		if (watch->descriptor < 0)
			tree->limited = "no inotify watch is left "
					"(fs.inotify.max_user_watches)";
	}
	if (watch->descriptor < 0)
		watch->slow = true;
	TAILQ_INSERT_TAIL(&tree->watches, watch, link);
	watch->added = true;
	watch->due = false;
	if (watch->slow && !tree->slow_timer.set)
		loop_timer_set(tree->loop, &tree->slow_timer, TREE_SLOW_MS);
	return 0;
}

void
tree_remove(struct tree_watch *watch)
{
	struct tree *tree = watch->tree;
	struct tree_watch *other;

	if (!watch->added)
		return;
	watch->added = false;
	TAILQ_REMOVE(&tree->watches, watch, link);
	if (watch->descriptor < 0)
		return;
	/* Two watches of one directory share the kernel's. */
	TAILQ_FOREACH (other, &tree->watches, link)
		if (other->descriptor == watch->descriptor)
			return;
	inotify_rm_watch(tree->fd, watch->descriptor);
}

const char *
tree_is_limited(const struct tree *tree)
{
	return tree->limited;
}

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
	uint64_t count; /* of watches that there ever were */
	RB_HEAD(tree_watches, tree_watch) watches;
	TAILQ_HEAD(, tree_watch) slow, due;
};

/* Two watches of one directory have the same descriptor. */
static int
compare(const struct tree_watch *a, const struct tree_watch *b)
{
	if (a->descriptor != b->descriptor)
		return a->descriptor < b->descriptor ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

RB_GENERATE_INTERNAL(
    tree_watches, tree_watch, node, compare, __attribute__((unused)) static)

static void
put_due(struct tree *tree, struct tree_watch *watch)
{
	if (!watch->due)
		TAILQ_INSERT_TAIL(&tree->due, watch, due_link);
	watch->due = true;
}

/* The first watch of a descriptor, or of the next one that there is. */
static struct tree_watch *
first_from(struct tree *tree, int descriptor)
{
	struct tree_watch lowest = {.descriptor = descriptor, .number = 0};

	return RB_NFIND(tree_watches, &tree->watches, &lowest);
}

/* Callbacks may add and remove watches, so those that are due are marked
 * first. */
static void
call_due(struct tree *tree)
{
	struct tree_watch *watch;

	while ((watch = TAILQ_FIRST(&tree->due)) != NULL) {
		TAILQ_REMOVE(&tree->due, watch, due_link);
		watch->due = false;
		watch->changed(watch);
	}
}

static void
mark(struct tree *tree, int descriptor, bool all)
{
	struct tree_watch *watch = first_from(tree, all ? 0 : descriptor);

	for (; watch != NULL && (all || watch->descriptor == descriptor);
	     watch = RB_NEXT(tree_watches, &tree->watches, watch))
		put_due(tree, watch);
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

	TAILQ_FOREACH (watch, &tree->slow, slow_link)
		put_due(tree, watch);
	if (!TAILQ_EMPTY(&tree->slow))
		loop_timer_set(tree->loop, timer, TREE_SLOW_MS);
	call_due(tree);
}

struct tree *
tree_new(struct loop *loop)
{
	struct tree *tree = xcalloc(1, sizeof *tree);

	tree->loop = loop;
	RB_INIT(&tree->watches);
	TAILQ_INIT(&tree->slow);
	TAILQ_INIT(&tree->due);
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
	watch->number = ++tree->count;
	if (watch->descriptor >= 0)
		RB_INSERT(tree_watches, &tree->watches, watch);
	if (watch->slow)
		TAILQ_INSERT_TAIL(&tree->slow, watch, slow_link);
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
	if (watch->slow)
		TAILQ_REMOVE(&tree->slow, watch, slow_link);
	if (watch->due)
		TAILQ_REMOVE(&tree->due, watch, due_link);
	if (watch->descriptor < 0)
		return;
	RB_REMOVE(tree_watches, &tree->watches, watch);
	/* Two watches of one directory share the kernel's. */
	other = first_from(tree, watch->descriptor);
	if (other == NULL || other->descriptor != watch->descriptor)
		inotify_rm_watch(tree->fd, watch->descriptor);
}

const char *
tree_is_limited(const struct tree *tree)
{
	return tree->limited;
}

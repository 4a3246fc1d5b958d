/* Which directories there are below the roots of `itrack watch`: folders are
 * listed when they change, run directories are leaves. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "wrap/itrack/watch_private.h"

/* A run directory may be so deep below a root: root/project/day/run. */
#define LEVELS_MAX 3
/* A folder with ten thousand names takes some milliseconds to list, and may
 * change all the time: it takes no more than this part of the time. */
#define LIST_SHARE 20

static int
compare(const struct node *a, const struct node *b)
{
	return strcmp(a->path, b->path);
}

RB_GENERATE(nodes, node, by_path, compare)

static void
leave_queue(struct node *n)
{
	if (n->due)
		TAILQ_REMOVE(&n->watch->due, n, queue);
	if (n->waiting)
		TAILQ_REMOVE(&n->watch->waiting, n, queue);
	n->due = n->waiting = false;
}

void
node_put_due(struct node *n)
{
	if (n->due)
		return;
	leave_queue(n);
	n->due = true;
	TAILQ_INSERT_TAIL(&n->watch->due, n, queue);
	deliver_wake(n->watch->im.deliver);
}

void
node_put_off(struct node *n, int64_t ms)
{
	leave_queue(n);
	n->waiting = true;
	n->next_ms = clock_mono_ms() + ms;
	TAILQ_INSERT_TAIL(&n->watch->waiting, n, queue);
}

static void
on_change(struct inotify_watch *events)
{
	struct node *n = events->data;

	int64_t left_ms = n->quiet_ms - clock_mono_ms();

	if (n->kind == NODE_RUN || (left_ms <= 0 && !n->waiting))
		node_put_due(n);
	else if (!n->waiting)
		node_put_off(n, left_ms);
}

static void
unwatch(struct node *n)
{
	if (n->watched)
		inotify_remove(&n->events);
	n->watched = false;
}

struct node *
node_find(struct watch *w, const char *path)
{
	struct node sought = {.path = (char *)path};

	return RB_FIND(nodes, &w->nodes, &sought);
}

struct node *
node_add(struct watch *w, const char *path, int level)
{
	struct node *n = xcalloc(1, sizeof *n);

	n->watch = w;
	n->path = xstrdup(path);
	n->level = level;
	n->seen = true;
	RB_INSERT(nodes, &w->nodes, n);
	node_put_due(n);
	return n;
}

void
node_free(struct node *n)
{
	unwatch(n);
	leave_queue(n);
	RB_REMOVE(nodes, &n->watch->nodes, n);
	free(n->pending);
	free(n->path);
	free(n);
}

/* The part of the path below the folder, or NULL. */
static const char *
below(const struct node *n, const struct node *folder)
{
	size_t len = strlen(folder->path);

	if (strncmp(n->path, folder->path, len) != 0)
		return NULL;
	if (len > 0 && folder->path[len - 1] == '/')
		return n->path + len;
	return n->path[len] == '/' ? n->path + len + 1 : NULL;
}

/* The next one in the order of the paths that may be below the folder: "a-b"
 * stands between "a" and "a/b". */
static struct node *
next_of(struct node *n, const struct node *folder)
{
	size_t len = strlen(folder->path);

	n = RB_NEXT(nodes, &folder->watch->nodes, n);
	return n != NULL && strncmp(n->path, folder->path, len) == 0 ? n : NULL;
}

/* A root that is a run directory stays, and so does what is at work or was
 * finished before: it may come back. */
static void
is_gone(struct node *n)
{
	unwatch(n);
	leave_queue(n);
	n->gone = true;
	if (n->kind == NODE_RUN)
		run_is_gone(n);
	else if (n->level > 0)
		node_free(n);
}

static bool
parent_is_there(const struct node *n)
{
	char *path = path_parent(n->path);
	const struct node *parent = node_find(n->watch, path);

	free(path);
	return parent != NULL && !parent->gone;
}

/* All that is below the folder, or what the last list did not have, with what
 * is below that. A folder comes before what is in it. */
static void
lose(struct node *folder, bool all)
{
	struct node *n = next_of(folder, folder), *next;

	for (; n != NULL; n = next) {
		const char *name = below(n, folder);

		next = next_of(n, folder);
		if (name == NULL || n->gone)
			continue;
		if (all ||
		    (strchr(name, '/') == NULL ? !n->seen
					       : !parent_is_there(n)))
			is_gone(n);
	}
}

/* What trackers of ours and others write, and hidden folders. */
static bool
is_passed_over(const char *name)
{
	static const char *const names[] = {"tracking", "mlruns", "wandb"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return name[0] == '.';
}

static bool
is_directory(int fd, const struct dirent *d)
{
	struct stat st;

	if (d->d_type != DT_UNKNOWN)
		return d->d_type == DT_DIR;
	return fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode);
}

/* A name that was there before may be another directory by now. */
static void
take_name(struct node *folder, const struct dirent *d)
{
	char *path = path_join(folder->path, d->d_name);
	struct node *n = node_find(folder->watch, path);

	if (n == NULL) {
		node_add(folder->watch, path, folder->level + 1);
	} else {
		n->seen = true;
		if (n->gone || d->d_ino != n->identity.inode)
			node_put_due(n);
		n->gone = false;
	}
	free(path);
}

static void
forget_seen(struct node *folder)
{
	struct node *n = folder;

	while ((n = next_of(n, folder)) != NULL)
		n->seen = false;
}

static int
list(struct node *folder, struct err *err)
{
	DIR *dir = opendir(folder->path);
	const struct dirent *d;
	int result = 0;

	if (dir == NULL)
		return err_errno(err, "%s", folder->path);
	forget_seen(folder);
	while (errno = 0, (d = readdir(dir)) != NULL)
		if (!is_passed_over(d->d_name) && is_directory(dirfd(dir), d))
			take_name(folder, d);
	if (errno != 0)
		result = err_errno(err, "%s", folder->path);
	closedir(dir);
	if (result == 0)
		lose(folder, false);
	return result;
}

/* Events come from now on; what came before is looked at now. */
static int
watch_events(struct node *n, struct err *err)
{
	struct watcher_identity now;
	int result = watcher_identify(n->path, &now, err);

	if (result < 0)
		return result;
	if (n->watched && watcher_identity_equal(&now, &n->identity))
		return 0;
	unwatch(n);
	n->identity = now;
	n->events = (struct inotify_watch){.changed = on_change, .data = n};
	result = inotify_add(n->watch->inotify, &n->events, n->path, err);
	n->watched = result == 0;
	return result;
}

static void
could_not_look(struct node *n, const struct err *err)
{
	report_say(&n->watch->im.report, "%s", err->message);
	watch_print(n->watch, !n->said);
	n->said = true;
	node_put_off(n, WATCH_RETRY_MS);
}

static void
look_into(struct node *folder)
{
	int64_t began_ms = clock_mono_ms(), took_ms;
	struct err err = ERR_INIT;
	int result = 0;

	if (folder->level < LEVELS_MAX)
		result = list(folder, &err);
	took_ms = clock_mono_ms() - began_ms;
	folder->quiet_ms =
	    began_ms + took_ms + (took_ms > 0 ? took_ms : 1) * LIST_SHARE;
	if (result < 0 && !file_is_absent(result)) {
		could_not_look(folder, &err);
	}
}

/* A root is waited for; another one is found again by the folder above it. */
static void
is_absent(struct node *n)
{
	lose(n, true);
	is_gone(n);
}

void
node_look(struct node *n)
{
	struct watcher_stamp stamps[WATCH_FILES];
	struct err err = ERR_INIT;
	int result, what;

	if (n->kind == NODE_RUN && n->pending != NULL && run_is_at_work(n))
		return;
	result = watch_events(n, &err);
	if (file_is_absent(result)) {
		is_absent(n);
		return;
	}
	what = result < 0 ? result : run_recognise(n->path, stamps);
	if (what < 0) {
		if (result == 0)
			err_set(&err, what, "%s: %s", n->path, strerror(-what));
		could_not_look(n, &err);
		return;
	}
	n->gone = false;
	if (what > 0 && n->kind == NODE_FOLDER)
		lose(n, true);
	if (what > 0)
		n->kind = NODE_RUN;
	else if (n->kind == NODE_RUN && !run_is_at_work(n))
		n->kind = NODE_FOLDER;
	if (what > 0)
		run_look(n, stamps);
	else if (n->kind == NODE_FOLDER)
		look_into(n);
}

void
node_check_root(struct node *n)
{
	struct watcher_identity now;
	bool there = watcher_identify(n->path, &now, NULL) == 0;

	if (there != n->watched ||
	    (there && !watcher_identity_equal(&now, &n->identity)))
		node_put_due(n);
}

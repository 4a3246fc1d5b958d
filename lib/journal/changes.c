#include "journal/changes.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/remote_fs.h"

/* Whoever has one run, or a few, does without. */
#define WORTH_WATCHING 16
#define EVENTS_BYTES   (16 * 1024)

#define CAME (IN_CREATE | IN_MOVED_TO)
#define LEFT (IN_DELETE | IN_MOVED_FROM)
/* The folder itself is no longer what it was, or the queue was full. */
#define LOST                                                        \
	(IN_Q_OVERFLOW | IN_IGNORED | IN_UNMOUNT | IN_DELETE_SELF | \
	    IN_MOVE_SELF)

void
changes_release(struct changes *c)
{
	if (c->fd > 0)
		close(c->fd);
	c->fd = 0;
}

/* Does the path still lead to the folder that is watched? */
static bool
is_same(const struct changes *c, const char *runs)
{
	struct stat st;

	return stat(runs, &st) == 0 && st.st_dev == c->device &&
	    st.st_ino == c->inode;
}

/* Before the folder is listed. Whatever fails: it is listed the next time,
 * too. */
static void
begin(struct changes *c, const char *runs)
{
	struct stat st;
	int fd;

	if (++c->asked < WORTH_WATCHING || stat(runs, &st) < 0 ||
	    remote_has_path(runs))
		return;
	fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd < 0)
		return;
	c->fd = fd;
	c->device = st.st_dev;
	c->inode = st.st_ino;
	if (inotify_add_watch(fd, runs,
		CAME | LEFT | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR) < 0 ||
	    !is_same(c, runs))
		changes_release(c);
}

/* False: events were lost. */
static bool
tell(const char *events, size_t len,
    void (*each)(const char *name, bool came, void *data), void *data)
{
	const struct inotify_event *e;

	for (size_t at = 0; at < len; at += sizeof *e + e->len) {
		e = (const struct inotify_event *)(const void *)(events + at);
		if ((e->mask & LOST) != 0)
			return false;
		if (e->len > 0 && (e->mask & (CAME | LEFT)) != 0)
			each(e->name, (e->mask & CAME) != 0, data);
	}
	return true;
}

static bool
read_events(const struct changes *c,
    void (*each)(const char *name, bool came, void *data), void *data)
{
	_Alignas(struct inotify_event) char events[EVENTS_BYTES];
	ssize_t n;

	for (;;) {
		n = read(c->fd, events, sizeof events);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		if (!tell(events, (size_t)n, each, data))
			return false;
	}
}

bool
changes_read(struct changes *c, const char *state_dir,
    void (*each)(const char *name, bool came, void *data), void *data)
{
	char *runs = xasprintf("%s/runs", state_dir);
	bool known =
	    c->fd > 0 && is_same(c, runs) && read_events(c, each, data);

	if (!known) {
		changes_release(c);
		begin(c, runs);
	}
	free(runs);
	return known;
}

#include "wrap/worker/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "watcher/stamp.h"
#include "wrap/worker/mounts.h"
#include "wrap/worker/proc.h"

static bool
is_same(const char *ours, const char *theirs)
{
	return ours == NULL || theirs == NULL || strcmp(ours, theirs) == 0;
}

/* Does the process have our mounts and our root directory, as far as can be
 * told? */
static bool
sees_what_we_see(pid_t pid)
{
	char *ours = proc_link(getpid(), "ns/mnt");
	char *theirs = proc_link(pid, "ns/mnt");
	char *our_root = proc_link(getpid(), "root");
	char *root = proc_link(pid, "root");
	bool same = is_same(ours, theirs) && is_same(our_root, root);

	free(ours);
	free(theirs);
	free(our_root);
	free(root);
	return same;
}

static bool
leads(const char *path, int fd)
{
	struct watcher_identity there, identity;

	return watcher_identify(path, &there, NULL) == 0 &&
	    stamp_identify(fd, &identity) == 0 &&
	    watcher_identity_equal(&there, &identity);
}

/* A process that is gone, or that the kernel lets nobody look at, tells
 * nothing. */
static int
code_of(int code)
{
	return file_is_absent(code) || code == -EACCES || code == -EPERM ||
		code == -ESRCH
	    ? 0
	    : code;
}

void
place_find(struct place *place, pid_t pid, const char *dir)
{
	char *theirs, *ours;

	*place = (struct place){.dir = xstrdup(dir)};
	if (sees_what_we_see(pid))
		return;
	theirs = xasprintf("/proc/%d/root%s", (int)pid, dir);
	place->fd = open(theirs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(theirs);
	if (place->fd < 0)
		place->fd = code_of(-errno);
	if (place->fd <= 0)
		return;
	ours = leads(dir, place->fd) ? xstrdup(dir)
				     : mounts_path_of_ours(pid, dir);
	if (ours != NULL && leads(ours, place->fd)) {
		free(place->dir);
		place->dir = ours;
		close(place->fd);
		place->fd = 0;
	} else {
		free(ours);
	}
}

void
place_release(struct place *place)
{
	free(place->dir);
	if (place->fd > 0)
		close(place->fd);
	*place = (struct place){0};
}

#include "wrap/worker/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "watcher/identity.h"
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
	    identity_of(fd, &identity) == 0 &&
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
reach_dir(struct reach *reach, pid_t pid, const char *dir)
{
	char *theirs, *ours;

	*reach = (struct reach){.dir = xstrdup(dir)};
	if (sees_what_we_see(pid))
		return;
	theirs = xasprintf("/proc/%d/root%s", (int)pid, dir);
	reach->fd = open(theirs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(theirs);
	if (reach->fd < 0)
		reach->fd = code_of(-errno);
	if (reach->fd <= 0)
		return;
	ours = leads(dir, reach->fd) ? xstrdup(dir)
				     : mounts_path_of_ours(pid, dir);
	if (ours != NULL && leads(ours, reach->fd)) {
		free(reach->dir);
		reach->dir = ours;
		close(reach->fd);
		reach->fd = 0;
	} else {
		free(ours);
	}
}

void
reach_release(struct reach *reach)
{
	free(reach->dir);
	if (reach->fd > 0)
		close(reach->fd);
	*reach = (struct reach){0};
}

int
reach_file(int fd)
{
	char link[64];
	int file;

	if (fd <= 0)
		return 0;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	file = open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file < 0)
		return file_is_unknown(-errno) ? -errno : 0;
	return file > 0 ? file : 0;
}

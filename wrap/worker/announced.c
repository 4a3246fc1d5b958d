#include "wrap/worker/announced.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"

static void
drop(struct announced *a, size_t i)
{
	a->len--;
	memmove(a->dirs + i, a->dirs + i + 1, (a->len - i) * sizeof *a->dirs);
	memmove(a->dir_fds + i, a->dir_fds + i + 1,
	    (a->len - i) * sizeof *a->dir_fds);
	memmove(a->writers + i, a->writers + i + 1,
	    (a->len - i) * sizeof *a->writers);
}

static void
forget(struct announced *a, size_t i)
{
	free(a->dirs[i]);
	if (a->dir_fds[i] > 0)
		close(a->dir_fds[i]);
	drop(a, i);
}

void
announced_add(struct announced *a, const char *dir, int dir_fd, pid_t writer)
{
	int fd = dir_fd > 0 ? fcntl(dir_fd, F_DUPFD_CLOEXEC, 1) : 0;

	announced_remove(a, dir);
	if (a->len == ANNOUNCED_MAX) {
		forget(a, 0);
	}
	a->dirs[a->len] = xstrdup(dir);
	a->dir_fds[a->len] = fd > 0 ? fd : 0;
	a->writers[a->len++] = writer;
}

void
announced_remove(struct announced *a, const char *dir)
{
	for (size_t i = 0; i < a->len; i++)
		if (strcmp(a->dirs[i], dir) == 0) {
			forget(a, i);
			return;
		}
}

bool
announced_take(struct announced *a, char **dir, int *dir_fd, pid_t *writer)
{
	if (a->len == 0)
		return false;
	*dir = a->dirs[0];
	*dir_fd = a->dir_fds[0];
	*writer = a->writers[0];
	drop(a, 0);
	return true;
}

void
announced_release(struct announced *a)
{
	while (a->len > 0)
		forget(a, a->len - 1);
}

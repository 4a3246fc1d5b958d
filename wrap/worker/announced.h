/*
 * Directories that a process was about to make a run directory: the shim names
 * the marker before it is opened, too. If the process is killed in between
 * nothing else is ever heard of it.
 *
 *	announced_add(&a, dir, dir_fd, writer);
 *	announced_remove(&a, dir);         it was heard of since
 *	while (announced_take(&a, &dir, &dir_fd, &writer))
 *		...                        look for a marker there
 *	announced_release(&a);
 */
#ifndef WRAP_WORKER_ANNOUNCED_H
#define WRAP_WORKER_ANNOUNCED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* As many processes as can be at this point at once on a large machine. If
 * there are more, the oldest is forgotten: we hear again of all but those that
 * are killed there. */
#define ANNOUNCED_MAX 64

/* All zero is empty. */
struct announced {
	char *dirs[ANNOUNCED_MAX];
	int dir_fds[ANNOUNCED_MAX]; /* 0: none */
	pid_t writers[ANNOUNCED_MAX];
	size_t len;
};

/* `dir_fd`, borrowed: the directory itself, or 0. */
void announced_add(
    struct announced *a, const char *dir, int dir_fd, pid_t writer);
void announced_remove(struct announced *a, const char *dir);
/* Takes the oldest, which the caller frees and closes. Returns false if none is
 * left. */
bool announced_take(
    struct announced *a, char **dir, int *dir_fd, pid_t *writer);
void announced_release(struct announced *a);

#endif

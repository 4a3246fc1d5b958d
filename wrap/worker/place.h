/*
 * Where is a directory that another process names? It may have other mounts
 * than we (a container) or another root directory: the same path is then
 * another directory, or none.
 *
 *	place_find(&place, pid, dir);
 *	... place.dir, place.fd ...
 *	place_release(&place);
 */
#ifndef WRAP_WORKER_PLACE_H
#define WRAP_WORKER_PLACE_H

#include <sys/types.h>

struct place {
	char *dir; /* by which we find it, else as the process names it */
	/* 0: the path leads there; else the directory itself; or a negative
	 * errno: it could not be opened. */
	int fd;
};

/* `dir` is absolute. Of a process that is gone, or that may not be looked into,
 * the path is taken as it is. */
void place_find(struct place *place, pid_t pid, const char *dir);
void place_release(struct place *place);

#endif

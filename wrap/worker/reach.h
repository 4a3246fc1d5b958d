/*
 * How we reach what another process names or has sent us: a directory by its path,
 * a file by the descriptor that came along. The process may have other mounts than
 * we (a container) or another root directory: the same path is then another
 * directory here, or none.
 *
 *	reach_dir(&reach, pid, dir);
 *	... reach.dir, reach.fd ...
 *	reach_release(&reach);
 */
#ifndef WRAP_WORKER_REACH_H
#define WRAP_WORKER_REACH_H

#include <sys/types.h>

struct reach {
	char *dir; /* by which we find it, else as the process names it */
	/* 0: the path leads there; else the directory itself; or a negative
	 * errno: it could not be opened. */
	int fd;
};

/* `dir` is absolute. Of a process that is gone, or that may not be looked into,
 * the path is taken as it is. */
void reach_dir(struct reach *reach, pid_t pid, const char *dir);
void reach_release(struct reach *reach);

/* Opens for reading the file that came along as an O_PATH descriptor, which reads
 * nothing by itself; `fd` stays the caller's. 0: none came, or it is no file to
 * read; a negative errno: it could not be opened. */
int reach_file(int fd);

#endif

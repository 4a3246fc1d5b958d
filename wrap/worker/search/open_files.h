/*
 * Finds, in /proc, the process that has a run's records open. What we may not
 * look into counts as not open; a negative errno says that something else kept us
 * from looking.
 */
#ifndef WRAP_WORKER_SEARCH_OPEN_FILES_H
#define WRAP_WORKER_SEARCH_OPEN_FILES_H

#include <stdbool.h>
#include <sys/types.h>

#include "watcher/watcher.h"

struct find_open {
	pid_t below;    /* a process of the command; 0: none */
	bool elsewhere; /* another process of this user has them open */
};

/* The regular files that other processes of this user have open now: one look
 * at /proc, however many directories are asked for. */
struct open_files {
	struct open_file {
		dev_t device;
		ino_t inode;
		pid_t pid;
	} * files;
	size_t len, cap;
};

int open_files_read(struct open_files *o);
void open_files_release(struct open_files *o);

/* *pid: a process that has the records open for writing; 0: none that can be
 * seen. */
int find_open_writer(const struct watcher *watcher, pid_t *pid);

/* Who has the records of `dir` open? `ours`: is it a process of the command? */
int find_open(struct find_open *result, const struct open_files *o,
    const char *dir, bool (*ours)(pid_t pid, void *data), void *data);

#endif

/*
 * What /proc says of another process. All of it may be gone, or be another
 * process' by the next question; without /proc, or without the right to look,
 * every answer is "not known".
 */
#ifndef WRAP_WORKER_PROC_H
#define WRAP_WORKER_PROC_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

/* 0: not known. */
pid_t proc_parent(pid_t pid);
/* Is it that process, or one below it? */
bool proc_is_below(pid_t pid, pid_t ancestor);

/* Calls `each` for the ID of every process until it returns other than 0.
 * Returns that; 0 after the last, also where there is no /proc; or a negative
 * errno: not all could be listed. */
int proc_each(int (*each)(pid_t pid, void *data), void *data);
/* The same for the open files of one process, by the names in its "fd", which
 * `fds` is. A process that is gone, or that we may not look into, has none. */
int proc_each_descriptor(pid_t pid,
    int (*each)(int fds, const char *number, void *data), void *data);
/* Does a negative errno say that a process is gone, or that we may not look
 * into it? */
bool proc_is_closed(int code);

/* The arguments or the environment of a process. */
struct proc_words {
	struct buf text;
	char **words; /* NULL at the end */
	int count;
};

/* `file`: "cmdline" or "environ". 0 or a negative errno; to be released in
 * either case. */
int proc_words_read(struct proc_words *w, pid_t pid, const char *file);
void proc_words_release(struct proc_words *w);
/* As getenv; `words` is a struct proc_words. */
const char *proc_variable(const char *name, void *words);

/* The real user, which no program with its bit set has changed; -1: not known. */
uid_t proc_user(pid_t pid);

/* Is the open file of this number (a name in its "fd") open for writing? */
bool proc_writes(pid_t pid, const char *number);

/* Is the preload library loaded into it? *closed: it may not be asked. */
bool proc_has_shim(pid_t pid, bool *closed);

/* Where the link leads ("cwd", "root", "ns/mnt"), allocated; NULL: not known,
 * or the file that it led to is gone. */
char *proc_link(pid_t pid, const char *name);

#endif

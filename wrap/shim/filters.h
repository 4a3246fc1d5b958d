/*
 * How many seccomp filters hold the calling thread? Shared by the shim and the
 * launcher; libc only, no allocation, a few hundred bytes of stack; works in a
 * signal handler and a vfork child. errno is not kept.
 *
 * A filter may kill whoever makes a system call that it does not know, so the
 * question itself is asked by calls that the asker's own code makes anyway.
 */
#ifndef SHIM_FILTERS_H
#define SHIM_FILTERS_H

#define FILTERS_UNKNOWN (-1)

/* Asks by openat, read and close (/proc/thread-self/status), and by prctl if
 * there is no such file. Before Linux 5.9 and without /proc it returns 1 for
 * any number. FILTERS_UNKNOWN: the file is there but can't be read. */
int filters_now(void);

/* The same at the start of a program, where one prctl mostly gives the
 * answer. */
int filters_at_start(void);

#endif

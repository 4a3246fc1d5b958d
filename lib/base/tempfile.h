/*
 * A file that is made under a name of its own and gets the right one when it is
 * whole: readers see the old or the new. The only place that makes temporary
 * names: ".NAME.WORD.tmp", WORD random, made anew (O_EXCL) and never opened
 * where something stands already.
 *
 *	tempfile_open(&f, dirfd, "metrics.json", word, 0666, &err);
 *	... write to f.fd ...
 *	tempfile_place(&f, dirfd, "metrics.json", &err);
 *	tempfile_drop(&f);                      at any time
 *
 * What a kill leaves is removed by its full name, which is known where the word
 * is kept: who makes the same file in the same folder with the same word
 * removes it first. Nothing else is ever removed.
 */
#ifndef BASE_TEMPFILE_H
#define BASE_TEMPFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

#define TEMPFILE_WORD_SIZE 13

/* fd -1: at rest. The folder is borrowed and must stay open. */
struct tempfile {
	int fd; /* may be closed, and set to -1, before it is placed */
	int dirfd;
	char *name; /* its own, until it is placed */
	uid_t owner;
};

#define TEMPFILE_INIT                 \
	(struct tempfile)             \
	{                             \
		.fd = -1, .dirfd = -1 \
	}

/* `word`: of an earlier process as well (tracker_word); NULL: a new one. Opened
 * for reading and writing. */
int tempfile_open(struct tempfile *f, int dirfd, const char *name,
    const char *word, mode_t mode, struct err *err);

/* Gives it its name in the folder `todir` of the same file system; f->fd stays
 * open and is the caller's. What stands there is replaced if it is a regular
 * file of the same owner, else refused by name (-EEXIST); f is as before
 * then. */
int tempfile_place(
    struct tempfile *f, int todir, const char *name, struct err *err);

/* Removes and closes it, as far as it is there. */
void tempfile_drop(struct tempfile *f);

/* All of it for bytes that are there; mode 0666 & ~umask. `sync`: fdatasync
 * before it gets its name. */
struct tempfile_bytes {
	const void *data;
	size_t len;
	mode_t mode;
	bool sync;
};
int tempfile_write(int dirfd, const char *name, const char *word,
    const struct tempfile_bytes *bytes, struct err *err);

/* A symbolic link instead of a file; it replaces a link of the same owner and
 * nothing else. */
int tempfile_link(int dirfd, const char *name, const char *word,
    const char *target, struct err *err);

/* A second name (a hard link) for the file `from` of the folder `fromdir`; it
 * replaces what tempfile_place would replace. */
int tempfile_second_name(int dirfd, const char *name, const char *word,
    int fromdir, const char *from, struct err *err);

/* The NAME of a temporary name, allocated; NULL: it has not that form. */
char *tempfile_plain_name(const char *temporary);

#endif

/*
 * Writes a file under a temporary name and gives it its final name when it is
 * whole: readers see the old file or the new one. Only this file makes
 * temporary names: ".NAME.WORD.tmp" with a random WORD. A temporary file is
 * always created (O_EXCL); an existing file of that name is never opened.
 *
 *	tempfile_open(&f, dirfd, "metrics.json", word, 0666, &err);
 *	... write to f.fd ...
 *	tempfile_place(&f, dirfd, "metrics.json", &err);
 *	tempfile_drop(&f);                      at any time
 *
 * A process that was killed leaves its temporary file behind. A later process
 * that has the word knows the full name and removes that file before it makes
 * the same file anew. Nothing else is ever removed.
 */
#ifndef BASE_TEMPFILE_H
#define BASE_TEMPFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

#define TEMPFILE_WORD_SIZE 13

/* fd -1: no file is under way. The folder is borrowed and must stay open. */
struct tempfile {
	int fd; /* may be closed, and set to -1, before it is placed */
	int dirfd;
	char *name; /* the temporary name, until it is placed */
	uid_t owner;
};

#define TEMPFILE_INIT                 \
	(struct tempfile)             \
	{                             \
		.fd = -1, .dirfd = -1 \
	}

/* Opens a new temporary file for reading and writing. `word` is one that an
 * earlier process may have used as well (tracker_word); NULL: a new one. */
int tempfile_open(struct tempfile *f, int dirfd, const char *name,
    const char *word, mode_t mode, struct err *err);

/* Gives it its name in the folder `todir` of the same file system; f->fd stays
 * open and is the caller's. A regular file of the same owner that has this name
 * is replaced; anything else that has it is left alone, and the call fails with
 * -EEXIST and leaves f as it was. */
int tempfile_place(
    struct tempfile *f, int todir, const char *name, struct err *err);

/* Removes and closes the temporary file, if there is one. */
void tempfile_drop(struct tempfile *f);

/* Does all of the above for bytes in memory; the file's mode is 0666 & ~umask.
 * `sync`: calls fdatasync before the file gets its name. */
struct tempfile_bytes {
	const void *data;
	size_t len;
	mode_t mode;
	bool sync;
};
int tempfile_write(int dirfd, const char *name, const char *word,
    const struct tempfile_bytes *bytes, struct err *err);

/* Removes the temporary file of that name and word that an earlier process left. */
void tempfile_remove_left(int dirfd, const char *name, const char *word);

/* Makes a symbolic link instead of a file; it replaces a link of the same owner
 * and nothing else. */
int tempfile_link(int dirfd, const char *name, const char *word,
    const char *target, struct err *err);

/* Gives the file `from` of the folder `fromdir` a second name (a hard link);
 * that name replaces what tempfile_place would replace. */
int tempfile_second_name(int dirfd, const char *name, const char *word,
    int fromdir, const char *from, struct err *err);

/* The NAME in a temporary name, allocated; NULL: `temporary` does not have that
 * form. */
char *tempfile_plain_name(const char *temporary);

#endif

#include "base/tempfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/random.h"

/* How many random names are tried: even one that is taken is next to
 * impossible. */
#define TRIES_MAX 100
/* The end of a temporary name, behind the word. */
#define END ".tmp"

/* Makes a file or link under this name; -1 with errno EEXIST if the name is
 * taken. */
typedef int make_name(int dirfd, const char *name, const void *data);

static int
make_file(int dirfd, const char *name, const void *data)
{
	return openat(dirfd, name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    *(const mode_t *)data);
}

static int
make_link(int dirfd, const char *name, const void *data)
{
	return symlinkat(data, dirfd, name);
}

struct source {
	int dirfd;
	const char *name;
};

static int
make_second_name(int dirfd, const char *name, const void *data)
{
	const struct source *source = data;

	return linkat(source->dirfd, source->name, dirfd, name, 0);
}

/* Removes a file that an earlier process of ours left under a name that only it
 * used. */
static void
remove_left(int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)) &&
	    st.st_uid == geteuid())
		unlinkat(dirfd, name, 0);
}

void
tempfile_remove_left(int dirfd, const char *name, const char *word)
{
	char *own = xasprintf(".%s.%s" END, name, word);

	remove_left(dirfd, own);
	free(own);
}

/* Makes the file and returns the name that it got, allocated; NULL: errno says
 * why not. Tries the known word first, then others if a file under that name is
 * not ours. */
static char *
make(int dirfd, const char *name, const char *word, make_name *maker,
    const void *data, int *made)
{
	char random[TEMPFILE_WORD_SIZE];
	char *own;
	int i;

	for (i = 0; i < TRIES_MAX; i++) {
		if (i > 0 || word == NULL)
			random_name(random, sizeof random);
		own = xasprintf(
		    ".%s.%s" END, name, i == 0 && word != NULL ? word : random);
		if (i == 0 && word != NULL)
			remove_left(dirfd, own);
		*made = maker(dirfd, own, data);
		if (*made >= 0)
			return own;
		free(own);
		if (errno != EEXIST)
			break;
	}
	return NULL;
}

int
tempfile_open(struct tempfile *f, int dirfd, const char *name, const char *word,
    mode_t mode, struct err *err)
{
	struct stat st;
	int result;

	*f = TEMPFILE_INIT;
	f->name = make(dirfd, name, word, make_file, &mode, &f->fd);
	if (f->name == NULL)
		return err_errno(err, "cannot create a file for %s", name);
	f->dirfd = dirfd;
	if (fstat(f->fd, &st) < 0) {
		result = err_errno(err, "%s", name);
		tempfile_drop(f);
		return result;
	}
	f->owner = st.st_uid;
	return 0;
}

/* May a file of this type and owner take the name? */
static int
check_place(
    int dirfd, const char *name, mode_t type, uid_t owner, struct err *err)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_errno(err, "%s", name);
	if (S_ISDIR(st.st_mode))
		return err_set(err, -EISDIR, "%s is a directory", name);
	if ((st.st_mode & S_IFMT) != type)
		return err_set(err, -EEXIST,
		    "%s is %s and is left alone: move it away", name,
		    type == S_IFLNK           ? "no symbolic link"
			: S_ISLNK(st.st_mode) ? "a symbolic link"
					      : "no regular file");
	if (st.st_uid != owner)
		return err_set(err, -EEXIST,
		    "%s belongs to another user (%ju) and is left alone", name,
		    (uintmax_t)st.st_uid);
	return 0;
}

int
tempfile_place(struct tempfile *f, int todir, const char *name, struct err *err)
{
	int result = check_place(todir, name, S_IFREG, f->owner, err);

	if (result < 0)
		return result;
	if (renameat(f->dirfd, f->name, todir, name) < 0)
		return err_errno(err, "cannot put %s in place", name);
	free(f->name);
	f->name = NULL;
	return 0;
}

void
tempfile_drop(struct tempfile *f)
{
	if (f->name != NULL)
		unlinkat(f->dirfd, f->name, 0);
	if (f->fd >= 0)
		close(f->fd);
	free(f->name);
	*f = TEMPFILE_INIT;
}

int
tempfile_write(int dirfd, const char *name, const char *word,
    const struct tempfile_bytes *bytes, struct err *err)
{
	struct tempfile f;
	int result = tempfile_open(&f, dirfd, name, word, bytes->mode, err);

	if (result < 0)
		return result;
	result = file_write_all(f.fd, bytes->data, bytes->len, err);
	if (result == 0 && bytes->sync && fdatasync(f.fd) < 0)
		result = err_errno(err, "%s", name);
	/* Some file systems report only here that the disk is full. */
	if (close(f.fd) < 0 && result == 0)
		result = err_errno(err, "%s", name);
	f.fd = -1;
	if (result == 0)
		result = tempfile_place(&f, dirfd, name, err);
	tempfile_drop(&f);
	return result;
}

/* Renames the file that `make` has made to its final name; consumes
 * `temporary`. */
static int
place_made(int dirfd, const char *name, char *temporary, struct err *err)
{
	struct stat own;
	int result;

	result = fstatat(dirfd, temporary, &own, AT_SYMLINK_NOFOLLOW) < 0
	    ? err_errno(err, "%s", name)
	    : check_place(dirfd, name, own.st_mode & S_IFMT, own.st_uid, err);
	if (result == 0 && renameat(dirfd, temporary, dirfd, name) < 0)
		result = err_errno(err, "cannot put %s in place", name);
	if (result < 0)
		unlinkat(dirfd, temporary, 0);
	free(temporary);
	return result;
}

int
tempfile_link(int dirfd, const char *name, const char *word, const char *target,
    struct err *err)
{
	int made;
	char *temporary = make(dirfd, name, word, make_link, target, &made);

	if (temporary == NULL)
		return err_errno(err, "cannot create a link for %s", name);
	return place_made(dirfd, name, temporary, err);
}

int
tempfile_second_name(int dirfd, const char *name, const char *word, int fromdir,
    const char *from, struct err *err)
{
	const struct source source = {fromdir, from};
	struct stat one, other;
	char *temporary;
	int made;

	/* Renaming one name of a file to another name of the same file does
	 * nothing: both names stay. */
	if (fstatat(fromdir, from, &one, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fstatat(dirfd, name, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
	    one.st_dev == other.st_dev && one.st_ino == other.st_ino)
		return 0;
	temporary = make(dirfd, name, word, make_second_name, &source, &made);
	if (temporary == NULL)
		return err_errno(err, "cannot create a link for %s", name);
	return place_made(dirfd, name, temporary, err);
}

char *
tempfile_plain_name(const char *temporary)
{
	size_t len = strlen(temporary), end = sizeof END - 1;
	size_t word = TEMPFILE_WORD_SIZE - 1;
	const char *random;

	if (temporary[0] != '.' || len < word + end + 3 ||
	    strcmp(temporary + len - end, END) != 0)
		return NULL;
	random = temporary + len - end - word;
	if (random[-1] != '.' || !random_is_name(random, word))
		return NULL;
	return xstrndup(temporary + 1, (size_t)(random - temporary) - 2);
}

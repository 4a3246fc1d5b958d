#include "tracker/common/marked.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/die.h"
#include "base/durable.h"
#include "base/folder.h"
#include "base/tempfile.h"

/* Prepared directories: few at a time, since each is soon taken. */
struct prepared {
	TAILQ_ENTRY(prepared) link;
	char *attempt, *path; /* of the folder that it is in */
	dev_t device;
	ino_t inode;
	bool synced;
};

static TAILQ_HEAD(, prepared) all = TAILQ_HEAD_INITIALIZER(all);

static void
forget(struct prepared *p)
{
	TAILQ_REMOVE(&all, p, link);
	free(p->attempt);
	free(p->path);
	free(p);
}

/* Forgets it, too. */
static bool
was_prepared(int parent, const char *attempt)
{
	struct prepared *p;
	struct stat st;
	bool synced;

	if (TAILQ_EMPTY(&all) || fstat(parent, &st) < 0)
		return false;
	TAILQ_FOREACH (p, &all, link)
		if (p->inode == st.st_ino && p->device == st.st_dev &&
		    strcmp(p->attempt, attempt) == 0)
			break;
	if (p == NULL)
		return false;
	synced = p->synced;
	forget(p);
	return synced;
}

void
marked_unmake(int parent, const char *name)
{
	int fd = folder_open(parent, name, false, NULL);

	if (fd < 0)
		return;
	unlinkat(fd, MARKED_FILE, 0);
	close(fd);
	unlinkat(parent, name, AT_REMOVEDIR);
}

static int
put_mark(int parent, const char *name, const char *attempt, bool sync,
    struct err *err)
{
	const struct tempfile_bytes mark = {
	    attempt, strlen(attempt), 0666, sync};
	int fd = folder_open(parent, name, false, err), result;

	if (fd < 0)
		return fd;
	result = tempfile_write(fd, MARKED_FILE, NULL, &mark, err);
	if (result == 0 && sync)
		result = durable_names(fd, ".", name, err);
	close(fd);
	return result;
}

/* Not over an empty one that is another's; where the file system, the kernel or a
 * filter has no such call, none was there a moment ago. */
static int
rename_alone(int dirfd, const char *from, const char *to)
{
	/* By its number: not every C library has the function. */
	if (syscall(SYS_renameat2, dirfd, from, dirfd, to, RENAME_NOREPLACE) ==
	    0)
		return 0;
	return errno == EINVAL || errno == ENOSYS || errno == EPERM
	    ? renameat(dirfd, from, dirfd, to)
	    : -1;
}

/* The name until it has its mark: what a kill leaves under it is ours by that. */
static char *
first_name(const char *attempt)
{
	return xasprintf(".itrack-%s.tmp", attempt);
}

int
marked_make(int parent, const char *name, const char *attempt, struct err *err)
{
	char *first = first_name(attempt);
	bool prepared = was_prepared(parent, attempt);
	int result = 0;

	if (!prepared && mkdirat(parent, first, MARKED_MODE) < 0 &&
	    errno != EEXIST)
		result = err_errno(err, "cannot create %s", name);
	if (result == 0 && !prepared)
		result = put_mark(parent, first, attempt, true, err);
	if (result == 0 && rename_alone(parent, first, name) < 0)
		result = errno == EEXIST || errno == ENOTEMPTY
		    ? -EEXIST
		    : err_errno(err, "cannot create %s", name);
	/* The cursor may get there first: it looks under the last name. */
	else if (result == 0 && !prepared)
		result = durable_names(parent, ".", name, err);
	if (result < 0)
		marked_unmake(parent, first);
	free(first);
	return result;
}

void
marked_prepare(int parent, const char *path, const char *attempt)
{
	struct prepared *p;
	struct stat st;
	char *first = first_name(attempt);

	if (fstat(parent, &st) == 0 &&
	    mkdirat(parent, first, MARKED_MODE) == 0 &&
	    put_mark(parent, first, attempt, false, NULL) == 0) {
		p = xcalloc(1, sizeof *p);
		p->attempt = xstrdup(attempt);
		p->path = xstrdup(path);
		p->device = st.st_dev;
		p->inode = st.st_ino;
		TAILQ_INSERT_TAIL(&all, p, link);
	}
	free(first);
}

void
marked_sync(void)
{
	struct prepared *p, *next;

	durable_round_begin();
	TAILQ_FOREACH_SAFE (p, &all, link, next) {
		if (p->synced)
			continue;
		if (durable_folder(p->path, NULL) == 0)
			p->synced = true;
		else
			forget(p);
	}
	durable_round_end();
}

void
marked_leave(int parent, const char *attempt)
{
	char *first = first_name(attempt);

	was_prepared(parent, attempt);
	marked_unmake(parent, first);
	free(first);
}

void
marked_leave_prepared(int parent, const char *attempt)
{
	char *first;

	if (!was_prepared(parent, attempt))
		return;
	first = first_name(attempt);
	marked_unmake(parent, first);
	free(first);
}

/* Files that are kept beside the journal. Their bytes can be delivered whatever
 * becomes of the files from which they were taken. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/tempfile.h"
#include "journal/private.h"
#include "journal/state_dir.h"

/* So much is copied in one call. */
#define STEP_BYTES ((size_t)8 * 1024 * 1024)

/* Copies the file from its start as far as it goes now: one that grows as fast as
 * we copy would have no end. A file of /proc says that it has no bytes, and has
 * some. */
static int
copy(int from, int to, struct err *err)
{
	struct stat st;
	ssize_t n = 1;

	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	if (lseek(from, 0, SEEK_SET) < 0 || file_stat(from, &st) < 0)
		return err_errno(err, "seek");
	for (int64_t left = st.st_size; left >= 0 && n > 0; left -= n)
		n = file_copy_some(from, to, STEP_BYTES, err);
	return n < 0 ? (int)n : 0;
}

int
journal_keep_file(struct journal *j, const char *name, int from, int64_t *bytes,
    struct err *err)
{
	struct tempfile f;
	struct stat st = {0};
	int result;

	if (journal_in_memory(j))
		return err_set(err, -ENOTSUP,
		    "%s: there is no directory to keep it in", name);
	result = tempfile_open(&f, j->dir_fd, name, NULL, 0600, err);
	if (result == 0)
		result = copy(from, f.fd, err);
	if (result == 0 &&
	    (file_stat(f.fd, &st) < 0 || (!j->gathers && fdatasync(f.fd) < 0)))
		result = err_errno(err, "%s", name);
	if (result == 0)
		result = tempfile_place(&f, j->dir_fd, name, err);
	tempfile_drop(&f);
	j->unnamed = true;
	j->unkept = j->gathers;
	if (result < 0)
		return err_prefix(err, "%s", j->path);
	*bytes = st.st_size;
	return 0;
}

/* The journal may be somebody else's, so its names must lead nowhere else. */
char *
journal_kept_path(const struct journal *j, const char *name)
{
	if (j->path == NULL || !state_is_kept(name))
		return NULL;
	return xasprintf("%s/%s", j->path, name);
}

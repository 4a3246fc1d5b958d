/* The one place that deletes in a state directory. Only names that itrack
 * gives, in a folder that is known to be an attempt's and ours. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/tempfile.h"
#include "journal/private.h"
#include "journal/state_private.h"

/* A file that is replaced is `name`, or for a moment `.name.<random>.tmp`. */
static bool
is_our_file(const char *name)
{
	size_t cursor = sizeof CURSOR_PREFIX - 1;
	char *plain;
	bool ours;

	if (strcmp(name, JOURNAL_FILE) == 0 || strcmp(name, FOLLOWER_LOCK) == 0)
		return true;
	plain = tempfile_plain_name(name);
	if (plain == NULL)
		plain = xstrdup(name);
	ours = (strncmp(plain, CURSOR_PREFIX, cursor) == 0 &&
		   state_is_tracker(plain + cursor)) ||
	    state_is_kept(plain);
	free(plain);
	return ours;
}

/* The folder above, if `dir_fd` is what has the name there. */
static int
open_above(int dir_fd, const char *attempt, struct err *err)
{
	int above = openat(dir_fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat own, named;

	if (above < 0)
		return err_errno(err, "%s", attempt);
	if (fstat(dir_fd, &own) == 0 &&
	    fstatat(above, attempt, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(own.st_mode) && own.st_dev == named.st_dev &&
	    own.st_ino == named.st_ino && own.st_uid == geteuid())
		return above;
	close(above);
	return err_set(
	    err, -EINVAL, "%s is no folder of ours: left alone", attempt);
}

int
state_remove_attempt(int dir_fd, const char *attempt, struct err *err)
{
	int above, fd, result = state_check_attempt(attempt, err);
	struct state_names names;

	if (result < 0)
		return result;
	above = open_above(dir_fd, attempt, err);
	if (above < 0)
		return above;
	fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	result = fd < 0 ? err_errno(err, "%s", attempt)
			: state_list(fd, attempt, &names, err);
	if (result < 0) {
		close(above);
		return result;
	}
	unlinkat(dir_fd, JOURNAL_FILE, 0);
	for (size_t i = 0; i < names.len; i++)
		if (is_our_file(names.list[i]))
			unlinkat(dir_fd, names.list[i], 0);
	state_names_release(&names);
	if (unlinkat(above, attempt, AT_REMOVEDIR) < 0 && errno != ENOENT)
		result = err_errno(err, "%s", attempt);
	close(above);
	return result;
}

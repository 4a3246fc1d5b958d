/* The one place that deletes in a state directory. It deletes only files with
 * names that itrack gives, in a folder that is an attempt's and ours. */
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
#include "journal/state_dir_private.h"

/* While a file `name` is replaced, there is `.name.<random>.tmp` for a
 * moment. */
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

/* Is `dir_fd` the folder that has this name there? */
static int
check_own(int dir_fd, const char *beside, const char *attempt, struct err *err)
{
	struct stat own, named;

	if (fstat(dir_fd, &own) == 0 &&
	    fstatat(dir_fd, beside, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(own.st_mode) && own.st_dev == named.st_dev &&
	    own.st_ino == named.st_ino && own.st_uid == geteuid())
		return 0;
	return err_set(
	    err, -EINVAL, "%s is no folder of ours: left alone", attempt);
}

static int
list(
    int dir_fd, const char *attempt, struct state_names *names, struct err *err)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_errno(err, "%s", attempt)
		      : state_list(fd, attempt, names, err);
}

int
state_has_others(int dir_fd, const char *attempt, struct err *err)
{
	struct state_names names = {0};
	int result = list(dir_fd, attempt, &names, err);

	if (result < 0)
		return result;
	result = 0;
	for (size_t i = 0; i < names.len; i++)
		if (!is_our_file(names.list[i]))
			result = 1;
	state_names_release(&names);
	return result;
}

static int
remove_listed(int dir_fd, const char *attempt, struct err *err)
{
	struct state_names names = {0};
	int result = list(dir_fd, attempt, &names, err);

	if (result < 0)
		return result;
	for (size_t i = 0; i < names.len; i++)
		if (is_our_file(names.list[i]))
			unlinkat(dir_fd, names.list[i], 0);
	state_names_release(&names);
	return 0;
}

static int
remove_folder(int dir_fd, const char *beside, struct err *err)
{
	if (unlinkat(dir_fd, beside, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_errno(err, "%s", beside + sizeof "../" - 1);
	return 0;
}

/* A young attempt has nothing but its journal. Its folder is removed even if no
 * descriptor is left to list the folder. */
static int
remove_rest(
    int dir_fd, const char *beside, const char *attempt, struct err *err)
{
	struct err local = ERR_INIT;
	int result = remove_folder(dir_fd, beside, &local);

	if (result == -ENOTEMPTY) {
		result = remove_listed(dir_fd, attempt, err);
		return result < 0 ? result : remove_folder(dir_fd, beside, err);
	}
	return result < 0 ? err_set(err, result, "%s", local.message) : 0;
}

int
state_remove_attempt(int dir_fd, const char *attempt, struct err *err)
{
	int result = state_check_attempt(attempt, err);
	char *beside;

	if (result < 0)
		return result;
	beside = xasprintf("../%s", attempt);
	result = check_own(dir_fd, beside, attempt, err);
	/* If the journal can't be removed, its cursors must stay. */
	if (result == 0 && unlinkat(dir_fd, JOURNAL_FILE, 0) < 0 &&
	    errno != ENOENT)
		result = err_errno(err, "%s/" JOURNAL_FILE, attempt);
	if (result == 0)
		result = remove_rest(dir_fd, beside, attempt, err);
	free(beside);
	return result;
}

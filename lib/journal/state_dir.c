#include "journal/state_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/durable.h"
#include "base/file.h"
#include "base/process.h"
#include "journal/journal.h"
#include "journal/state_dir_private.h"

/* 20261123T130842Z-4f8a1c0d9e2b: '0' a digit, 'r' a digit or a small letter,
 * anything else itself. */
#define ATTEMPT_FORM "00000000T000000Z-rrrrrrrrrrrr"
/* Far more than any tracker's name has. */
#define TRACKER_NAME_MAX 32

char *
state_dir_path(void)
{
	const char *state = secure_getenv("XDG_STATE_HOME");
	const char *home = secure_getenv("HOME");

	if (state != NULL && state[0] == '/')
		return xasprintf("%s/itrack", state);
	if (home != NULL && home[0] == '/')
		return xasprintf("%s/.local/state/itrack", home);
	return NULL;
}

bool
state_is_attempt(const char *name)
{
	const char *form = ATTEMPT_FORM;

	for (; *form != '\0'; form++, name++) {
		bool digit = *name >= '0' && *name <= '9';
		bool letter = *name >= 'a' && *name <= 'z';

		if (*form == '0'       ? !digit
			: *form == 'r' ? !digit && !letter
				       : *name != *form)
			return false;
	}
	return *name == '\0';
}

bool
state_is_tracker(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return name[0] >= 'a' && name[0] <= 'z' && name[len] == '\0' &&
	    len <= TRACKER_NAME_MAX;
}

bool
state_is_kept(const char *name)
{
	size_t prefix = sizeof JOURNAL_KEPT_PREFIX - 1;
	const char *number = name + prefix;

	return strncmp(name, JOURNAL_KEPT_PREFIX, prefix) == 0 &&
	    number[0] != '\0' && number[strspn(number, "0123456789")] == '\0';
}

/* The message shows `path`, which may be of another root than the
 * descriptor's. */
static int
check_owner(
    const struct stat *st, bool root_too, const char *path, struct err *err)
{
	char *owner, *self;
	int result;

	if (st->st_uid == geteuid() || (root_too && st->st_uid == 0))
		return 0;
	owner = process_user_name(st->st_uid);
	self = process_user_name(geteuid());
	result = err_set(err, -EPERM,
	    "%s belongs to user %s, not to %s: left alone", path, owner, self);
	free(self);
	free(owner);
	return result;
}

/* Closes the descriptor if it must not be used. */
static int
check_folder(int fd, bool outer, const char *path, struct err *err)
{
	struct stat st;
	int result;

	if (fd < 0)
		return err_errno(err, "%s", path);
	if (fstat(fd, &st) < 0)
		result = err_errno(err, "%s", path);
	else
		result = check_owner(&st, outer, path, err);
	if (result == 0 && !outer && (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		result = err_set(err, -EPERM,
		    "%s can be written by others (mode %04o): left alone", path,
		    (unsigned)st.st_mode & 07777);
	if (result == 0)
		return fd;
	close(fd);
	return result;
}

int
state_open_as(const char *state_dir, int flags, struct err *err)
{
	return check_folder(open(state_dir, flags | O_DIRECTORY | O_CLOEXEC),
	    true, state_dir, err);
}

int
state_open(const char *state_dir, struct err *err)
{
	return state_open_as(state_dir, O_PATH, err);
}

static int
open_runs(const char *state_dir, int flags, struct err *err)
{
	int dir_fd = state_open_as(state_dir, O_PATH, err), fd;
	char *path;

	if (dir_fd < 0)
		return dir_fd;
	path = xasprintf("%s/" STATE_RUNS, state_dir);
	fd = check_folder(openat(dir_fd, STATE_RUNS,
			      flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
	    true, path, err);
	free(path);
	close(dir_fd);
	return fd;
}

int
state_make(const char *state_dir, struct err *err)
{
	int result = file_make_dirs(state_dir, 0700, err), fd;
	bool made;

	if (result < 0)
		return result;
	fd = state_open_as(state_dir, O_PATH, err);
	if (fd < 0)
		return fd;
	state_put_mark(fd);
	made = mkdirat(fd, STATE_RUNS, 0700) == 0;
	if (!made && errno != EEXIST)
		result = err_errno(err, "%s/" STATE_RUNS, state_dir);
	/* It is looked for again under this path, whatever happens. */
	if (made && durable_names(fd, ".", state_dir, NULL) == 0)
		durable_path(state_dir, NULL);
	close(fd);
	return result;
}

int
state_sync_names(const char *state_dir, struct err *err)
{
	int fd = state_open_as(state_dir, O_PATH, err), result;

	if (fd < 0)
		return fd;
	result = durable_names(fd, ".", state_dir, err);
	close(fd);
	return result;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
state_names_release(struct state_names *names)
{
	for (size_t i = 0; i < names->len; i++)
		free(names->list[i]);
	free(names->list);
}

int
state_list(int fd, const char *path, struct state_names *names, struct err *err)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *d;
	int result = 0;

	*names = (struct state_names){0};
	if (dir == NULL) {
		result = err_errno(err, "%s", path);
		close(fd);
		return result;
	}
	while (errno = 0, (d = readdir(dir)) != NULL) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		names->list = xreallocarray(
		    names->list, names->len + 1, sizeof *names->list);
		names->list[names->len++] = xstrdup(d->d_name);
	}
	if (errno != 0)
		result = err_errno(err, "%s", path);
	closedir(dir);
	if (names->len > 0)
		qsort(names->list, names->len, sizeof *names->list,
		    compare_names);
	if (result < 0)
		state_names_release(names);
	return result;
}

int
state_each(const char *state_dir, bool (*each)(const char *name, void *data),
    void *data, struct err *err)
{
	struct err local = ERR_INIT;
	struct state_names names;
	bool go_on = true;
	int fd = open_runs(state_dir, O_RDONLY, &local), result;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return err_set(err, fd, "%s", local.message);
	result = state_list(fd, state_dir, &names, err);
	if (result < 0)
		return result;
	for (size_t i = 0; go_on && i < names.len; i++)
		if (names.list[i][0] != '.')
			go_on = each(names.list[i], data);
	state_names_release(&names);
	return 0;
}

int
state_check_attempt(const char *name, struct err *err)
{
	if (state_is_attempt(name))
		return 0;
	return err_set(err, -EINVAL,
	    "%s is not the name of an attempt of itrack: left alone", name);
}

/* Another user's is named as such also where the kernel opens it for nobody
 * else. */
static int
open_folder_of_attempt(
    int runs, const char *attempt, const char *path, struct err *err)
{
	struct stat st;
	int result;

	if (fstatat(runs, attempt, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode) &&
	    (result = check_owner(&st, false, path, err)) < 0)
		return result;
	return check_folder(
	    openat(
		runs, attempt, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
	    false, path, err);
}

int
state_open_attempt(
    const char *state_dir, const char *attempt, bool make, struct err *err)
{
	int result = state_check_attempt(attempt, err), runs, fd;
	char *path;

	if (result == 0 && make)
		result = state_make(state_dir, err);
	runs = result == 0 ? open_runs(state_dir, O_PATH, err) : result;
	if (runs < 0)
		return runs;
	path = xasprintf("%s/" STATE_RUNS "/%s", state_dir, attempt);
	if (make && mkdirat(runs, attempt, 0700) < 0 && errno != EEXIST)
		fd = err_errno(err, "%s", path);
	else
		fd = open_folder_of_attempt(runs, attempt, path, err);
	free(path);
	close(runs);
	return fd;
}

/* A file with a second hard link is refused: it may be another's, and here it
 * would be cut and appended to. */
static int
check_file(const struct stat *st, const char *name, struct err *err)
{
	int result;

	if (!S_ISREG(st->st_mode))
		return err_set(
		    err, -EINVAL, "%s is no regular file: left alone", name);
	result = check_owner(st, false, name, err);
	if (result == 0 && st->st_nlink > 1)
		result = err_set(err, -EPERM,
		    "%s has other names (hard links): left alone", name);
	if (result == 0 && (st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		result = err_set(err, -EPERM,
		    "%s can be written by others (mode %04o): left alone", name,
		    (unsigned)st->st_mode & 07777);
	return result;
}

int
state_open_file(int dir_fd, const char *name, int flags, struct err *err)
{
	struct stat st;
	int fd, result;

	/* The file is checked before it is opened, because opening a device can
	 * have effects. The check behind it sees a change between the two. */
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (result = check_file(&st, name, err)) < 0)
		return result;
	fd = openat(dir_fd, name,
	    flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, "%s", name);
	if (fstat(fd, &st) < 0)
		result = err_errno(err, "%s", name);
	else
		result = check_file(&st, name, err);
	if (result == 0)
		return fd;
	close(fd);
	return result;
}

int
state_open_beside(
    const char *state_dir, const char *name, int flags, struct err *err)
{
	int dir_fd = state_open_as(state_dir, O_PATH, err), fd;

	if (dir_fd < 0)
		return dir_fd;
	fd = state_open_file(dir_fd, name, flags, err);
	if (fd < 0)
		err_prefix(err, "%s", state_dir);
	close(dir_fd);
	return fd;
}

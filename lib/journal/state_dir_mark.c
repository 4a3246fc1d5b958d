/* Decides what is a state directory: what has the mark, or nothing but attempts in its
 * runs/, or is empty and may become one. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "journal/state_dir_private.h"

#define MARK ".itrack-state"

static const char mark_text[] =
    "itrack keeps the journals of runs here until they are delivered:\n"
    "itrack status shows them, itrack sync delivers them.\n";

static bool
has_mark(int dir_fd)
{
	struct stat st;

	return fstatat(dir_fd, MARK, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode);
}

/* The mark counts even if it is empty: a full disk may have no room for its
 * text. */
void
state_put_mark(int dir_fd)
{
	int fd;

	if (has_mark(dir_fd))
		return;
	fd = openat(dir_fd, MARK,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	file_write_all(fd, mark_text, sizeof mark_text - 1, NULL);
	close(fd);
}

struct look {
	size_t attempts;
	char *other; /* the first that is none */
};

static bool
look_at(const char *name, void *data)
{
	struct look *look = data;

	if (state_is_attempt(name))
		look->attempts++;
	else
		look->other = xstrdup(name);
	return look->other == NULL;
}

static int
recognise_by_runs(const char *dir, struct err *err)
{
	struct look look = {0};
	int result = state_each(dir, look_at, &look, err);

	if (result == 0 && look.other != NULL) {
		result = state_check_attempt(look.other, err);
		err_prefix(err, "%s/" STATE_RUNS, dir);
	} else if (result == 0 && look.attempts == 0)
		result = err_set(err, -EINVAL,
		    "%s is no state directory of itrack: it has no " MARK
		    " and no journals",
		    dir);
	free(look.other);
	return result;
}

int
state_recognise(const char *dir, struct err *err)
{
	int fd = state_open_as(dir, O_RDONLY, err), result;
	struct state_names names;
	bool empty;

	if (fd < 0)
		return fd;
	if (has_mark(fd)) {
		close(fd);
		return 0;
	}
	result = state_list(fd, dir, &names, err);
	if (result < 0)
		return result;
	empty = names.len == 0;
	state_names_release(&names);
	return empty ? 0 : recognise_by_runs(dir, err);
}

#include "itrack/find_worker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "itrack/own_file.h"

#define WORKER_PLACE "libexec/itrack/itrack-worker"
/* The library of a wheel is five folders below the prefix:
 * lib/python3.11/site-packages/itrack/libitrack.so.0. */
#define FOLDERS_UP 5

/* Do we trust the file's owner? He could have changed the running code as
 * well. */
static bool
is_trusted(const char *worker, const struct stat *own)
{
	struct stat st;

	return access(worker, X_OK) == 0 && stat(worker, &st) == 0 &&
	    (st.st_uid == 0 || st.st_uid == geteuid() ||
		st.st_uid == own->st_uid);
}

/* Looks beside the folder of this library or program, and further up; NULL: it
 * is not there. */
static char *
near_own_file(void)
{
	char *at = own_file(), *up, *path = NULL;
	struct stat own;

	/* Our file was replaced since, but its folder still tells. */
	if (at == NULL || stat(at, &own) < 0)
		own.st_uid = geteuid();
	for (int i = 0; at != NULL && path == NULL && i < FOLDERS_UP; i++) {
		up = path_parent(at);
		free(at);
		at = up;
		path = path_join(at, WORKER_PLACE);
		if (!is_trusted(path, &own)) {
			free(path);
			path = NULL;
		}
	}
	free(at);
	return path;
}

int
worker_find(char **path, struct err *err)
{
	const char *given = secure_getenv("ITRACK_WORKER");

	*path = NULL;
	if (given != NULL && given[0] != '\0' && given[0] != '/')
		return err_set(err, -EINVAL,
		    "ITRACK_WORKER: %s: not an absolute path", given);
	if (given != NULL && given[0] != '\0')
		*path = xstrdup(given);
	else
		*path = near_own_file();
	if (*path == NULL)
		*path = xstrdup(ITRACK_PREFIX "/" WORKER_PLACE);
	if (access(*path, X_OK) == 0)
		return 0;
	if (!file_is_absent(-errno))
		err_errno(err, "%s", *path);
	else
		err_set(err, -ENOENT,
		    "%s: not there; install itrack, or set ITRACK_WORKER",
		    *path);
	free(*path);
	*path = NULL;
	return err->code;
}

/* Decides where the journal goes when the state directory can't have it: a
 * folder of this user's in the directory for temporary files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "itrack/handle.h"

/* Others may write there as well, so what has our name need not be ours. */
static int
check(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int result = 0;

	if (fd < 0)
		return err_errno(err, "%s", path);
	if (file_stat(fd, &st) < 0)
		result = err_errno(err, "%s", path);
	else if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		result = err_set(
		    err, -EPERM, "%s: not a folder of this user alone", path);
	close(fd);
	return result;
}

char *
spare_state_home(struct err *err)
{
	const char *given = secure_getenv("TMPDIR");
	char *name = xasprintf("itrack-%ju", (uintmax_t)geteuid());
	char *path = path_join(
	    given != NULL && given[0] == '/' ? given : P_tmpdir, name);

	free(name);
	if ((mkdir(path, 0700) < 0 && errno != EEXIST &&
		err_errno(err, "%s", path) < 0) ||
	    check(path, err) < 0) {
		free(path);
		return NULL;
	}
	return path;
}

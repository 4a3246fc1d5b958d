#include "base/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int
durable_folder(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR
		    ? 0
		    : err_errno(err, "cannot sync %s", path);
	if (syncfs(fd) < 0)
		result = err_errno(err, "cannot sync %s", path);
	close(fd);
	return result;
}

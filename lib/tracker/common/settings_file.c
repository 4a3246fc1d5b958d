#include "tracker/common/settings_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"

static int
answer(int code, const char *path, const struct err *why, char **denied,
    struct err *err)
{
	/* A link to what is not there is no file. */
	if (code >= 0 || code == -ENOLINK)
		return code > 0;
	if (code == -EACCES || code == -EPERM) {
		if (*denied == NULL)
			*denied = xasprintf(
			    "%s is not read: %s", path, strerror(-code));
		return 0;
	}
	/* Other programs would read on in what is longer. */
	return file_is_unknown(code) || code == -EMSGSIZE
	    ? err_set(err, code, "%s", why->message)
	    : 0;
}

int
settings_file_read(
    const char *path, struct buf *text, char **denied, struct err *err)
{
	struct err why = ERR_INIT;
	int fd = file_open_through_links(AT_FDCWD, path, NULL, &why);
	int code = fd < 0 ? fd : file_read_rest(fd, path, text, &why);

	if (fd >= 0)
		close(fd);
	return answer(code == 0 ? 1 : code, path, &why, denied, err);
}

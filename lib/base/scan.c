#include "base/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"

static void
keep(struct dirent ***list, size_t *count, const struct dirent *entry)
{
	struct dirent *copy = xmalloc(entry->d_reclen);

	memcpy(copy, entry, entry->d_reclen);
	/* Room for twice as many at each power of two. */
	if ((*count & (*count - 1)) == 0)
		*list = xreallocarray(
		    *list, *count == 0 ? 1 : *count * 2, sizeof **list);
	(*list)[(*count)++] = copy;
}

int
scan_folder(int dirfd, struct dirent ***list,
    int (*wanted)(const struct dirent *entry),
    int (*order)(const struct dirent **a, const struct dirent **b))
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), code;
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	size_t count = 0;

	*list = NULL;
	if (dir == NULL) {
		code = errno;
		if (fd >= 0)
			close(fd);
		errno = code;
		return -1;
	}
	while (errno = 0, (entry = readdir(dir)) != NULL && count < INT_MAX)
		if (wanted(entry))
			keep(list, &count, entry);
	code = entry == NULL ? errno : EOVERFLOW;
	closedir(dir);
	if (code != 0) {
		while (count > 0)
			free((*list)[--count]);
		free(*list);
		*list = NULL;
		errno = code;
		return -1;
	}
	if (count > 1)
		qsort(*list, count, sizeof **list,
		    (int (*)(const void *, const void *))order);
	return (int)count;
}

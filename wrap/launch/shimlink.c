#include "wrap/launch/shimlink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEPARATORS " :"
/* "itrack-preload-", 16 hex digits, ".so", NUL */
#define NAME_SIZE 48

/* Each installation has its own. */
static void
make_name(char name[NAME_SIZE], const char *shim)
{
	uint64_t sum = 14695981039346656037U;

	for (const char *at = shim; *at != '\0'; at++)
		sum = (sum ^ (unsigned char)*at) * 1099511628211U;
	snprintf(name, NAME_SIZE, "itrack-preload-%016llx.so",
	    (unsigned long long)sum);
}

/* Can nobody else put another folder in place of ours in there? Root's commands
 * may become other users, so these must be able to come there. */
static bool
is_safe(const char *place)
{
	struct stat st;

	return stat(place, &st) == 0 &&
	    (st.st_uid == 0 || st.st_uid == geteuid()) &&
	    ((st.st_mode & (S_IWGRP | S_IWOTH)) == 0 ||
		(st.st_mode & S_ISVTX) != 0) &&
	    (geteuid() != 0 || (st.st_mode & S_IXOTH) != 0);
}

/* Opens our folder. Nobody else can change what is in there, and programs that
 * become other users can follow the link. Returns a descriptor. */
static int
open_folder(const char *path)
{
	struct stat st;
	int fd;

	mkdir(path, 0711);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return fd;
	close(fd);
	return -EPERM;
}

static bool
leads_to(int folder, const char *name, const char *shim)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(folder, name, target, sizeof(target) - 1);

	if (len < 0)
		return false;
	target[len] = '\0';
	return strcmp(target, shim) == 0;
}

/* Another launcher may do the same at the same time. */
static int
make_link(int folder, const char *name, const char *shim)
{
	char temp[NAME_SIZE + 16];

	if (leads_to(folder, name, shim))
		return 0;
	snprintf(temp, sizeof(temp), ".%s.%d", name, (int)getpid());
	unlinkat(folder, temp, 0);
	if (symlinkat(shim, folder, temp) < 0)
		return -errno;
	if (renameat(folder, temp, folder, name) == 0)
		return 0;
	unlinkat(folder, temp, 0);
	return -errno;
}

/* Puts the link's path in place of `shim`. */
static int
link_below(const char *place, const char *folder_name, char shim[PATH_MAX])
{
	char path[PATH_MAX], name[NAME_SIZE];
	int folder, len, result;

	if (place == NULL || place[0] != '/' ||
	    strpbrk(place, SEPARATORS) != NULL || !is_safe(place))
		return -EINVAL;
	make_name(name, shim);
	len = snprintf(path, sizeof(path), "%s/%s", place, folder_name);
	if (len < 0 || (size_t)len >= sizeof(path) - 1 - sizeof(name))
		return -ENAMETOOLONG;
	folder = open_folder(path);
	if (folder < 0)
		return folder;
	result = make_link(folder, name, shim);
	close(folder);
	if (result == 0)
		snprintf(shim, PATH_MAX, "%.*s/%s", len, path, name);
	return result;
}

int
shimlink_make(char shim[PATH_MAX])
{
	char own[32];

	if (strpbrk(shim, SEPARATORS) == NULL)
		return 0;
	if (access(shim, R_OK) < 0)
		return -errno;
	snprintf(own, sizeof(own), "itrack-%u", (unsigned)geteuid());
	if (link_below(getenv("XDG_RUNTIME_DIR"), "itrack", shim) == 0 ||
	    (geteuid() == 0 && link_below("/run", "itrack", shim) == 0) ||
	    link_below(getenv("TMPDIR"), own, shim) == 0)
		return 0;
	return link_below("/tmp", own, shim);
}

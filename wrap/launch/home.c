#include "wrap/launch/home.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

/* Finds this program's file. Without /proc it is the path that the kernel was
 * asked to execute; a relative one is useless by now. */
static bool
find_own_file(char path[HOME_SIZE])
{
	const char *executed = (const char *)getauxval(AT_EXECFN);
	ssize_t len = readlink("/proc/self/exe", path, HOME_SIZE - 1);
	char real[PATH_MAX];

	if (len > 0 && (size_t)len < HOME_SIZE - 1) {
		path[len] = '\0';
		return path[0] == '/';
	}
	if (executed == NULL || executed[0] != '/' ||
	    realpath(executed, real) == NULL || strlen(real) >= HOME_SIZE)
		return false;
	memcpy(path, real, strlen(real) + 1);
	return true;
}

void
home_find(char home[HOME_SIZE])
{
	char *slash = NULL;

	if (find_own_file(home)) {
		for (int i = 0; i < 2; i++) {
			slash = strrchr(home, '/');
			if (slash != NULL)
				*slash = '\0';
		}
	}
	if (slash == NULL)
		snprintf(home, HOME_SIZE, "%s", ITRACK_PREFIX);
}

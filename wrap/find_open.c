#include "wrap/find_open.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/path.h"
#include "watcher/names.h"

/* Processes above each other; a longer chain is a loop in the making. */
#define ANCESTORS_MAX 1000

static pid_t
parent_of(pid_t pid)
{
	char path[64], text[512];
	const char *bracket;
	FILE *f;
	size_t n;
	int parent = 0;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	bracket = strrchr(text, ')');
	if (bracket == NULL || sscanf(bracket + 1, " %*c %d", &parent) != 1)
		return 0;
	return parent;
}

static bool
is_below(pid_t pid, pid_t command)
{
	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		if (pid == command)
			return true;
		pid = parent_of(pid);
	}
	return false;
}

static bool
has_open(pid_t pid, const struct stat *records)
{
	char path[64];
	const struct dirent *d;
	struct stat st;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir != NULL && !found && (d = readdir(dir)) != NULL)
		found = fstatat(dirfd(dir), d->d_name, &st, 0) == 0 &&
		    st.st_dev == records->st_dev &&
		    st.st_ino == records->st_ino && S_ISREG(st.st_mode);
	if (dir != NULL)
		closedir(dir);
	return found;
}

void
find_open(struct find_open *result, const char *dir, pid_t command)
{
	char *path = path_join(dir, RECORDS_FILE);
	const struct dirent *d;
	struct stat records;
	DIR *proc = NULL;

	*result = (struct find_open){0};
	if (stat(path, &records) == 0)
		proc = opendir("/proc");
	while (proc != NULL && (d = readdir(proc)) != NULL) {
		pid_t pid;

		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		pid = (pid_t)strtol(d->d_name, NULL, 10);
		if (pid == getpid() || !has_open(pid, &records))
			continue;
		if (is_below(pid, command))
			result->below = pid;
		else
			result->elsewhere = true;
	}
	if (proc != NULL)
		closedir(proc);
	free(path);
}

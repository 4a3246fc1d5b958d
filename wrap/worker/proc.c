#include "wrap/worker/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "wrap/link/procstat.h"

/* How much is read of the arguments or the environment of a process: an eighth
 * of what Linux allows by default. Nothing is known of what is longer. */
#define WORDS_MAX_BYTES (256 * 1024)
/* The preload library's file, by whatever path it is loaded. */
#define SHIM_NAME "itrack-preload.so"

pid_t
proc_parent(pid_t pid)
{
	struct procstat stat;

	return procstat_read(pid, &stat) ? stat.parent : 0;
}

bool
proc_is_below(pid_t pid, pid_t ancestor)
{
	return pid == ancestor || procstat_is_below(pid, ancestor);
}

bool
proc_is_closed(int code)
{
	return file_is_absent(code) || code == -EACCES || code == -EPERM ||
	    code == -ESRCH;
}

int
proc_each(int (*each)(pid_t pid, void *data), void *data)
{
	DIR *proc = opendir("/proc");
	const struct dirent *d;
	int result = 0;

	if (proc == NULL)
		return file_is_absent(-errno) ? 0 : -errno;
	while (result == 0 && (errno = 0, d = readdir(proc)) != NULL)
		if (isdigit((unsigned char)d->d_name[0]))
			result = each((pid_t)strtol(d->d_name, NULL, 10), data);
	if (result == 0)
		result = -errno;
	closedir(proc);
	return result;
}

int
proc_each_descriptor(
    pid_t pid, int (*each)(int fds, const char *number, void *data), void *data)
{
	const struct dirent *d;
	char path[64];
	int result = 0;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (dir == NULL)
		return proc_is_closed(-errno) ? 0 : -errno;
	while (result == 0 && (errno = 0, d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.')
			result = each(dirfd(dir), d->d_name, data);
	if (result == 0 && !proc_is_closed(-errno))
		result = -errno;
	closedir(dir);
	return result;
}

static void
split(struct proc_words *w)
{
	char *at = w->text.data, *end = w->text.data + w->text.len;
	int cap = 0;

	while (at < end) {
		if (w->count + 1 >= cap) {
			cap = cap > 0 ? cap * 2 : 32;
			w->words = xreallocarray(
			    w->words, (size_t)cap, sizeof *w->words);
		}
		w->words[w->count++] = at;
		w->words[w->count] = NULL;
		at += strlen(at) + 1;
	}
}

int
proc_words_read(struct proc_words *w, pid_t pid, const char *file)
{
	char path[64];
	int fd, result;

	*w = (struct proc_words){0};
	buf_init(&w->text, WORDS_MAX_BYTES);
	snprintf(path, sizeof path, "/proc/%d/%.32s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	result = file_read_rest(fd, path, &w->text, NULL);
	close(fd);
	if (result < 0)
		return result;
	split(w);
	return 0;
}

void
proc_words_release(struct proc_words *w)
{
	free(w->words);
	buf_release(&w->text);
	*w = (struct proc_words){0};
}

const char *
proc_variable(const char *name, void *words)
{
	const struct proc_words *w = words;
	size_t len = strlen(name);

	for (int i = 0; i < w->count; i++)
		if (strncmp(w->words[i], name, len) == 0 &&
		    w->words[i][len] == '=')
			return w->words[i] + len + 1;
	return NULL;
}

char *
proc_link(pid_t pid, const char *name)
{
	static const char gone[] = " (deleted)";
	char path[64], target[PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof path, "/proc/%d/%.32s", (int)pid, name);
	len = readlink(path, target, sizeof target - 1);
	if (len <= 0 || (size_t)len >= sizeof target - 1)
		return NULL;
	target[len] = '\0';
	if ((size_t)len > strlen(gone) &&
	    strcmp(target + len - strlen(gone), gone) == 0)
		return NULL;
	return xstrdup(target);
}

/* Reads the number behind this word, where a line begins with it. */
static bool
read_number(const char *path, const char *word, int base, unsigned long *number)
{
	FILE *f = fopen(path, "re");
	char line[128];
	bool has = false;

	while (f != NULL && !has && fgets(line, sizeof line, f) != NULL)
		has = strncmp(line, word, strlen(word)) == 0;
	if (has)
		*number = strtoul(line + strlen(word), NULL, base);
	if (f != NULL)
		fclose(f);
	return has;
}

uid_t
proc_user(pid_t pid)
{
	unsigned long user;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	return read_number(path, "Uid:", 10, &user) ? (uid_t)user : (uid_t)-1;
}

/* What /proc says of the descriptor has the access mode. */
bool
proc_writes(pid_t pid, const char *number)
{
	unsigned long flags;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/fdinfo/%.16s", (int)pid, number);
	return read_number(path, "flags:", 8, &flags) &&
	    (flags & O_ACCMODE) != O_RDONLY;
}

bool
proc_has_shim(pid_t pid, bool *closed)
{
	static const char name[] = "/" SHIM_NAME "\n";
	int holds = procstat_holds(pid, "maps", name, sizeof name - 1);

	*closed = holds == -EACCES || holds == -EPERM;
	return holds > 0;
}

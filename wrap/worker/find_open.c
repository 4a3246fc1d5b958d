#include "wrap/worker/find_open.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/path.h"
#include "mapping/names.h"
#include "wrap/worker/proc.h"

/* 24 bytes each. What is beyond counts as not open, and its run as ours if it
 * has changed since the launch. */
#define OPEN_FILES_MAX (64 * 1024)

static void
add(struct open_files *o, pid_t pid, const struct stat *st)
{
	if (o->len == o->cap) {
		o->cap = o->cap > 0 ? o->cap * 2 : 256;
		o->files = xreallocarray(o->files, o->cap, sizeof *o->files);
	}
	o->files[o->len++] = (struct open_file){
	    .device = st->st_dev, .inode = st->st_ino, .pid = pid};
}

static void
read_process(struct open_files *o, pid_t pid)
{
	char path[64];
	const struct dirent *d;
	struct stat st;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir != NULL && (d = readdir(dir)) != NULL)
		if (o->len < OPEN_FILES_MAX &&
		    fstatat(dirfd(dir), d->d_name, &st, 0) == 0 &&
		    S_ISREG(st.st_mode))
			add(o, pid, &st);
	if (dir != NULL)
		closedir(dir);
}

void
open_files_read(struct open_files *o)
{
	const struct dirent *d;
	DIR *proc = opendir("/proc");

	*o = (struct open_files){0};
	while (proc != NULL && (d = readdir(proc)) != NULL) {
		pid_t pid;

		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		pid = (pid_t)strtol(d->d_name, NULL, 10);
		if (pid != getpid())
			read_process(o, pid);
	}
	if (proc != NULL)
		closedir(proc);
}

void
open_files_release(struct open_files *o)
{
	free(o->files);
	*o = (struct open_files){0};
}

void
find_open(struct find_open *result, const struct open_files *o, const char *dir,
    bool (*ours)(pid_t pid, void *data), void *data)
{
	char *path = path_join(dir, RECORDS_FILE);
	struct stat records;
	bool there = stat(path, &records) == 0;

	*result = (struct find_open){0};
	for (size_t i = 0; there && i < o->len; i++) {
		const struct open_file *file = &o->files[i];

		if (file->device != records.st_dev ||
		    file->inode != records.st_ino)
			continue;
		if (ours(file->pid, data))
			result->below = file->pid;
		else
			result->elsewhere = true;
	}
	free(path);
}

static bool
has_for_writing(pid_t pid, dev_t device, ino_t inode)
{
	char path[64];
	const struct dirent *d;
	struct stat st;
	bool has = false;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (!has && dir != NULL && (d = readdir(dir)) != NULL)
		has = fstatat(dirfd(dir), d->d_name, &st, 0) == 0 &&
		    st.st_dev == device && st.st_ino == inode &&
		    proc_writes(pid, d->d_name);
	if (dir != NULL)
		closedir(dir);
	return has;
}

pid_t
find_open_writer(const struct watcher *watcher)
{
	const struct tail *records = watcher_tail(watcher);
	const struct dirent *d;
	pid_t found = 0;
	DIR *proc;

	if (!records->seen)
		return 0;
	proc = opendir("/proc");
	while (found == 0 && proc != NULL && (d = readdir(proc)) != NULL) {
		pid_t pid;

		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		pid = (pid_t)strtol(d->d_name, NULL, 10);
		if (pid != getpid() &&
		    has_for_writing(pid, records->device, records->inode))
			found = pid;
	}
	if (proc != NULL)
		closedir(proc);
	return found;
}

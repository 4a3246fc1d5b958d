#include "wrap/worker/find_open.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
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

/* Files that come and go while we look, and those of other users, which nobody
 * shows us, are none. */
static int
code_of(int code)
{
	return file_is_absent(code) || code == -EACCES || code == -EPERM ||
		code == -ESRCH
	    ? 0
	    : code;
}

/* Calls `each` for the descriptors of a process, with the status of what they
 * are of, until it returns other than 0. */
struct descriptors {
	pid_t pid;
	int (*each)(
	    struct descriptors *of, const char *number, const struct stat *st);
	void *data;
	struct err *err;
};

static int
look_at_descriptor(const char *number, void *data)
{
	struct descriptors *of = data;
	char path[64];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%d/fd/%.16s", (int)of->pid, number);
	/* Others may have files of servers that are gone: it is none that we
	 * could look at. */
	return stat(path, &st) == 0 ? of->each(of, number, &st) : 0;
}

static int
each_descriptor(struct descriptors *of)
{
	char path[64];
	int result;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)of->pid);
	result =
	    file_each_name(AT_FDCWD, path, look_at_descriptor, of, of->err);
	return result < 0 ? code_of(result) : result;
}

/* Calls `each` for every other process until it returns other than 0. */
struct processes {
	int (*each)(pid_t pid, void *data, struct err *err);
	void *data;
	struct err *err;
};

static int
look_at_process(const char *name, void *data)
{
	const struct processes *p = data;
	pid_t pid;

	if (!isdigit((unsigned char)name[0]))
		return 0;
	pid = (pid_t)strtol(name, NULL, 10);
	return pid != getpid() ? p->each(pid, p->data, p->err) : 0;
}

static int
each_process(int (*each)(pid_t pid, void *data, struct err *err), void *data,
    struct err *err)
{
	struct processes p = {.each = each, .data = data, .err = err};

	return file_each_name(AT_FDCWD, "/proc", look_at_process, &p, err);
}

static int
add_regular(struct descriptors *of, const char *number, const struct stat *st)
{
	struct open_files *o = of->data;

	(void)number;
	if (o->len < OPEN_FILES_MAX && S_ISREG(st->st_mode))
		add(o, of->pid, st);
	return 0;
}

static int
read_process(pid_t pid, void *data, struct err *err)
{
	struct descriptors of = {
	    .pid = pid, .each = add_regular, .data = data, .err = err};

	return each_descriptor(&of);
}

int
open_files_read(struct open_files *o, struct err *err)
{
	*o = (struct open_files){0};
	return each_process(read_process, o, err);
}

void
open_files_release(struct open_files *o)
{
	free(o->files);
	*o = (struct open_files){0};
}

int
find_open(struct find_open *result, const struct open_files *o, const char *dir,
    pid_t command, struct err *err)
{
	char *path = path_join(dir, RECORDS_FILE);
	struct stat records;
	int there = file_look(AT_FDCWD, path, 0, &records, err);

	*result = (struct find_open){0};
	for (size_t i = 0; there > 0 && i < o->len; i++) {
		const struct open_file *file = &o->files[i];

		if (file->device != records.st_dev ||
		    file->inode != records.st_ino)
			continue;
		if (proc_is_below(file->pid, command))
			result->below = file->pid;
		else
			result->elsewhere = true;
	}
	free(path);
	return there < 0 ? there : 0;
}

/* Are the files of this number open for writing in the process? By the access
 * mode in what /proc says of the descriptor. */
static bool
writes(pid_t pid, const char *number)
{
	char path[64], line[128];
	unsigned flags = O_RDONLY;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/fdinfo/%.16s", (int)pid, number);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	while (fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "flags: %o", &flags) == 1)
			break;
	fclose(f);
	return (flags & O_ACCMODE) != O_RDONLY;
}

static int
is_writer(struct descriptors *of, const char *number, const struct stat *st)
{
	const struct tail *records = of->data;

	return st->st_dev == records->device && st->st_ino == records->inode &&
	    writes(of->pid, number);
}

struct writer {
	const struct tail *records;
	pid_t pid;
};

static int
look_for_writer(pid_t pid, void *data, struct err *err)
{
	struct writer *w = data;
	struct descriptors of = {.pid = pid,
	    .each = is_writer,
	    .data = (void *)w->records,
	    .err = err};
	int result = each_descriptor(&of);

	if (result > 0)
		w->pid = pid;
	return result;
}

int
find_open_writer(const struct watcher *watcher, pid_t *pid, struct err *err)
{
	struct writer w = {.records = watcher_tail(watcher)};
	int result = 0;

	if (w.records->seen)
		result = each_process(look_for_writer, &w, err);
	*pid = w.pid;
	return result < 0 ? result : 0;
}

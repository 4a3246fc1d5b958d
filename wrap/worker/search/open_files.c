#include "wrap/worker/search/open_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "mapping/names.h"
#include "wrap/worker/proc.h"

/* How many open files are kept, of 24 bytes each. A file beyond that counts as
 * not open, and its run as ours if it has changed since the launch. */
#define OPEN_FILES_MAX (64 * 1024)

static void
add(struct open_files *o, pid_t pid, const struct stat *st)
{
	o->files = xgrow(o->files, o->len, &o->cap, sizeof *o->files);
	o->files[o->len++] = (struct open_file){
	    .device = st->st_dev, .inode = st->st_ino, .pid = pid};
}

struct reading {
	struct open_files *files;
	pid_t pid;
	int failed; /* 0: every process could be looked at */
};

static int
add_regular(int fds, const char *number, void *data)
{
	struct reading *r = data;
	struct stat st;

	if (r->files->len < OPEN_FILES_MAX &&
	    fstatat(fds, number, &st, 0) == 0 && S_ISREG(st.st_mode))
		add(r->files, r->pid, &st);
	return 0;
}

static int
read_process(pid_t pid, void *data)
{
	struct reading *r = data;
	int result;

	r->pid = pid;
	result =
	    pid != getpid() ? proc_each_descriptor(pid, add_regular, r) : 0;
	if (result < 0)
		r->failed = result;
	return 0;
}

int
open_files_read(struct open_files *o)
{
	struct reading r = {.files = o};
	int result;

	*o = (struct open_files){0};
	result = proc_each(read_process, &r);
	return result < 0 ? result : r.failed;
}

void
open_files_release(struct open_files *o)
{
	free(o->files);
	*o = (struct open_files){0};
}

int
find_open(struct find_open *result, const struct open_files *o, const char *dir,
    bool (*ours)(pid_t pid, void *data), void *data)
{
	char *path = path_join(dir, RECORDS_FILE);
	struct stat records;
	int there = file_look(AT_FDCWD, path, 0, &records, NULL);

	*result = (struct find_open){0};
	for (size_t i = 0; there > 0 && i < o->len; i++) {
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
	return there < 0 ? there : 0;
}

struct writer {
	const struct tail *records;
	pid_t pid;
	int failed;
};

static int
is_writer(int fds, const char *number, void *data)
{
	const struct writer *w = data;
	struct stat st;

	return fstatat(fds, number, &st, 0) == 0 &&
	    st.st_dev == w->records->device && st.st_ino == w->records->inode &&
	    proc_writes(w->pid, number);
}

static int
look_for_writer(pid_t pid, void *data)
{
	struct writer *w = data;
	int result;

	w->pid = pid;
	result = pid != getpid() ? proc_each_descriptor(pid, is_writer, w) : 0;
	if (result < 0)
		w->failed = result;
	return result > 0;
}

int
find_open_writer(const struct watcher *watcher, pid_t *pid)
{
	struct writer w = {.records = watcher_tail(watcher)};
	int result = w.records->seen ? proc_each(look_for_writer, &w) : 0;

	*pid = result > 0 ? w.pid : 0;
	if (result > 0)
		return 0;
	return result < 0 ? result : w.failed;
}

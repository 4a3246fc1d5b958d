#include "wrap/journals.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/process.h"

/* A journal this young may be about to get its first entry. */
#define NEWBORN_S 60
/* Far more than an end entry has. */
#define END_MAX_BYTES 4096

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
journals_each(const char *state_dir,
    bool (*each)(const char *attempt, void *data), void *data, struct err *err)
{
	char *path = xasprintf("%s/runs", state_dir);
	DIR *dir = opendir(path);
	const struct dirent *d;
	char **names = NULL;
	size_t len = 0;
	bool go_on = true;
	int result = 0;

	if (dir == NULL && errno != ENOENT)
		result = err_errno(err, "%s", path);
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		names = xreallocarray(names, len + 1, sizeof *names);
		names[len++] = xstrdup(d->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	if (len > 0)
		qsort(names, len, sizeof *names, compare_names);
	for (size_t i = 0; i < len; i++) {
		if (go_on)
			go_on = each(names[i], data);
		free(names[i]);
	}
	free(names);
	free(path);
	return result;
}

int
journals_start(const char *state_dir, const char *attempt, struct entry *start,
    struct err *err)
{
	struct journal_reader r;
	int result = journal_reader_open(&r, state_dir, attempt, err);

	if (result < 0)
		return result;
	result = journal_read(&r, start, err);
	journal_reader_release(&r);
	if (result == 0)
		return err_set(
		    err, -ENODATA, "%s: the journal is empty", attempt);
	if (result == 1 && start->kind != ENTRY_START) {
		entry_release(start);
		return err_set(err, -EBADMSG, "%s: not a journal", attempt);
	}
	return result < 0 ? result : 0;
}

static void
remove_files(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *d;

	while (dir != NULL && (d = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), d->d_name, 0);
	if (dir != NULL)
		closedir(dir);
	rmdir(path);
}

bool
journals_discard_empty(const char *state_dir, const char *attempt)
{
	char *path = xasprintf("%s/runs/%s", state_dir, attempt);
	struct entry start;
	struct stat st;
	int result = journals_start(state_dir, attempt, &start, NULL);

	if (result == 0)
		entry_release(&start);
	else if ((result == -ENODATA || result == -ENOENT) &&
	    stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	    clock_wall_us() / 1000000 - st.st_mtime > NEWBORN_S)
		remove_files(path);
	free(path);
	return result == -ENODATA || result == -ENOENT;
}

/* Looks at the last line alone: a journal that grows is asked often. */
bool
journals_has_end(const char *state_dir, const char *attempt)
{
	char chunk[END_MAX_BYTES];
	struct journal_reader r;
	struct entry e;
	struct stat st;
	const char *line, *end;
	ssize_t n;
	bool has = false;

	if (journal_reader_open(&r, state_dir, attempt, NULL) < 0)
		return false;
	n = fstat(r.fd, &st) < 0
	    ? -1
	    : pread(r.fd, chunk, sizeof chunk,
		  st.st_size > END_MAX_BYTES ? st.st_size - END_MAX_BYTES : 0);
	end = n > 0 ? memrchr(chunk, '\n', (size_t)n) : NULL;
	line = end != NULL ? memrchr(chunk, '\n', (size_t)(end - chunk)) : NULL;
	if (line != NULL &&
	    entry_decode(&e, line + 1, (size_t)(end - line - 1), NULL) == 0) {
		has = e.kind == ENTRY_END;
		entry_release(&e);
	}
	journal_reader_release(&r);
	return has;
}

bool
journals_is_written(const struct entry_start *start)
{
	char *host = process_host();
	bool here = start->host != NULL && strcmp(start->host, host) == 0;

	free(host);
	return here && start->writer > 0 &&
	    process_alive(start->host, start->boot_id, start->writer,
		start->writer_start);
}

bool
journals_is_live(const struct entry_start *start)
{
	return process_alive(
	    start->host, start->boot_id, start->pid, start->pid_start);
}

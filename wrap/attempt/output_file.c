#include "wrap/attempt/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "format/text.h"
#include "mapping/names.h"
#include "watcher/artifacts.h"
#include "wrap/attempt/private.h"

/* The number that the file is kept under comes after those of the run
 * directory's own files. */
#define KEPT_NUMBER (SETTLE_FILES + 1)

/* Does a file of the run directory have this name? Two artifacts with the same
 * name would become one file. */
static bool
is_of_run_directory(const char *name)
{
	static const char *const names[] = {MANIFEST_FILE, RECORDS_FILE,
	    CONFIG_FILE, SUMMARY_FILE, EXPLAIN_FILE, REPORT_FILE};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Returns the name that the artifact gets, or NULL if the file is an artifact
 * already. */
static char *
name_of(const struct attempt *a)
{
	char *name = text_path_text(path_base(a->config.results));

	if (is_of_run_directory(name)) {
		char *other = xasprintf("results-%s", name);

		free(name);
		name = other;
	}
	if (!attempt_past_has_artifact(&a->past, name))
		return name;
	free(name);
	return NULL;
}

static void
add(struct attempt *a, char *name, const struct stat *st, int fd,
    int64_t time_us)
{
	const char *path = a->config.results;
	struct err err = ERR_INIT;
	struct settle_kept kept = {0};
	struct entry e;
	int result;

	result = st->st_size > SETTLE_KEEP_BYTES
	    ? -ENOTSUP
	    : attempt_keep_file(a, KEPT_NUMBER, fd, &kept, &err);
	if (result < 0 && result != -ENOTSUP)
		attempt_say(a, &err);
	entry_init(&e, ENTRY_ARTIFACT, time_us);
	e.artifact.name = name;
	e.artifact.type = xstrdup("file");
	e.artifact.path = text_path_text(path);
	e.artifact.kept = kept.name;
	e.artifact.mode = kept.name != NULL ? st->st_mode & 0777 : 0;
	e.artifact.size = kept.name != NULL ? kept.bytes : st->st_size;
	e.artifact.mtime_ns = clock_ns(&st->st_mtim);
	e.artifact.inode = (int64_t)st->st_ino;
	attempt_keep(a, &e);
}

void
attempt_keep_output_file(struct attempt *a, int64_t time_us)
{
	const char *path = a->config.results;
	struct err err = ERR_INIT;
	struct stat st;
	char *name;
	int fd;

	if (path == NULL || a->watcher == NULL ||
	    artifact_choice_of(a->start.start.artifacts) != ARTIFACTS_ALL)
		return;
	name = name_of(a);
	if (name == NULL)
		return;
	fd = file_open_regular(AT_FDCWD, path, &st, &err);
	/* A run that failed has written no results file; an older file is not
	 * its own. */
	if (fd >= 0 &&
	    clock_ns(&st.st_ctim) >= clock_ns(&a->config.not_before)) {
		add(a, name, &st, fd, time_us);
		name = NULL;
	} else if (fd < 0 && fd != -ENOENT && fd != -ENOTDIR) {
		attempt_say(a, &err);
	}
	free(name);
	if (fd >= 0)
		close(fd);
}

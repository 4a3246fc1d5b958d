#include "tracker/common/artifact_source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "format/text.h"

static bool
is_as_recorded(const struct stat *st, const struct entry_artifact *artifact)
{
	/* A kept file is ours alone, and its times are those of the copy. */
	if (artifact->kept != NULL)
		return st->st_size == artifact->size;
	return st->st_size == artifact->size &&
	    clock_ns(&st->st_mtim) == artifact->mtime_ns &&
	    (uint64_t)st->st_ino == artifact->inode;
}

bool
source_is_elsewhere(const char *host)
{
	char here[HOST_NAME_MAX + 1];

	if (host == NULL || gethostname(here, sizeof(here)) < 0)
		return false;
	here[HOST_NAME_MAX] = '\0';
	return strcmp(host, here) != 0;
}

int
source_check(int fd, const struct entry_artifact *artifact, struct err *err)
{
	struct stat st;

	if (file_stat(fd, &st) < 0)
		return err_errno(err, "%s", artifact->path);
	if (!is_as_recorded(&st, artifact))
		return err_set(err, SOURCE_CHANGED,
		    "%s has changed since it was recorded", artifact->path);
	return 0;
}

static int
open_text(const char *text, struct stat *st, struct err *err)
{
	char *path = text_path_bytes(text);
	int fd = file_open_regular(AT_FDCWD, path, st, err);

	free(path);
	return fd;
}

/* `st` gets the recorded modification time and permissions. */
static int
open_file(
    const struct entry_artifact *artifact, struct stat *st, struct err *err)
{
	struct entry_artifact recorded = *artifact;
	struct err why = ERR_INIT;
	struct stat own;
	int fd = -ENOENT, kept, result;

	if (st == NULL)
		st = &own;
	if (artifact->kept != NULL)
		fd = open_text(artifact->kept, st, &why);
	kept = fd;
	if (fd >= 0)
		st->st_mode = S_IFREG | (mode_t)(artifact->mode & 0777);
	/* It may be all that there is, but need not be. */
	if (fd < 0) {
		recorded.kept = NULL;
		fd = open_text(artifact->path, st, err);
	}
	result = fd < 0 ? fd : source_check(fd, &recorded, err);
	if (result < 0 && fd >= 0)
		close(fd);
	/* The kept file may be whole. */
	if (result < 0 && file_is_unknown(kept))
		return err_set(err, kept, "%s", why.message);
	if (result < 0)
		return result;
	st->st_mtim = clock_timespec(artifact->mtime_ns);
	return fd;
}

enum outcome
source_outcome(int code)
{
	return code != SOURCE_CHANGED && file_is_unknown(code)
	    ? OUTCOME_BLOCKED
	    : OUTCOME_REJECTED;
}

enum outcome
source_open(const struct entry_artifact *artifact, const char *host, int *fd,
    struct stat *st, struct err *err)
{
	*fd = open_file(artifact, st, err);
	if (*fd == -ENOENT && source_is_elsewhere(host)) {
		err_set(err, -ENOENT, "%s is on another host, %s",
		    artifact->path, host);
		return OUTCOME_BLOCKED;
	}
	return *fd < 0 ? source_outcome(*fd) : OUTCOME_DONE;
}

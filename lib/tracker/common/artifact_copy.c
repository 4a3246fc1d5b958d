#include "tracker/common/artifact_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/path.h"
#include "format/text.h"
#include "tracker/common/artifact_source.h"

#define ARTIFACTS_DIR "artifacts"
/* A copy of this size or more is on the disk before it has its name, and is not
 * made again. A smaller one costs less to copy again than to sync: it is synced
 * only if nobody would copy it again after a loss of power. */
#define SYNCED_BYTES (1024 * 1024)
/* The word that the names of temporary files have. */
#define COPY_NAME   "itrack-copy"
#define DEFAULT_ACL "system.posix_acl_default"

char *
local_copy_name(const char *artifact_name)
{
	struct buf path;
	const char *slash, *rest = artifact_name;
	char *component, *encoded;

	buf_init(&path, LOCAL_COPY_NAME_MAX);
	for (;;) {
		slash = strchrnul(rest, '/');
		component = xstrndup(rest, (size_t)(slash - rest));
		encoded = path_encode(component);
		buf_adds(&path, encoded);
		free(encoded);
		free(component);
		if (*slash == '\0' || buf_overflowed(&path))
			break;
		buf_addc(&path, '/');
		rest = slash + 1;
	}
	if (buf_overflowed(&path)) {
		buf_release(&path);
		return path_encode(artifact_name);
	}
	return buf_steal(&path);
}

/* Is it an error of the name itself, because another artifact stands in its way
 * or it is too long? Any other error is the folder's. */
static bool
is_names_fault(int code)
{
	return code == -ENOTDIR || code == -EISDIR || code == -ENAMETOOLONG ||
	    code == -ELOOP || code == -ENOTEMPTY || code == -EEXIST;
}

static enum outcome
outcome_of(int code)
{
	return is_names_fault(code) ? OUTCOME_REJECTED : OUTCOME_BLOCKED;
}

/* Allocated. */
static char *
relative_name(
    const struct entry_artifact *artifact, const struct local_copy_way *way)
{
	return way->name != NULL ? xstrdup(way->name)
				 : local_copy_name(artifact->name);
}

static enum outcome
open_target(
    struct local_copy *c, const struct local_copy_way *way, struct err *err)
{
	char *relative = relative_name(c->artifact, way);
	char *path = xasprintf(ARTIFACTS_DIR "/%s", relative);
	const char *base;
	enum outcome outcome = OUTCOME_PENDING;
	struct stat st;

	free(relative);
	c->folder = folder_open_parent(way->dirfd, path, true, &base, err);
	if (c->folder < 0) {
		outcome = outcome_of(c->folder);
		goto out;
	}
	c->name = xstrdup(base);
	if (way->reuse && c->artifact->size >= SYNCED_BYTES &&
	    file_stat_at(c->folder, c->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && st.st_size == c->artifact->size &&
	    clock_ns(&st.st_mtim) == c->artifact->mtime_ns)
		outcome = OUTCOME_DONE;
out:
	free(path);
	return outcome;
}

/* Gives the file the source's mode and times, as shutil.copy2 does, but no set-ID
 * bits. */
static int
dress(int fd, const struct stat *source)
{
	struct timespec times[2] = {source->st_atim, source->st_mtim};

	if (fchmod(fd, source->st_mode & 0777) < 0)
		return -1;
	return file_set_times(fd, times);
}

/* Would a new file in the folder have other access rights than the kept file: the
 * folder's group, or those of its default list? */
static bool
folder_bestows(int folder, const struct stat *kept)
{
	struct stat st;

	if (file_stat(folder, &st) < 0)
		return true;
	if ((st.st_mode & S_ISGID) && st.st_gid != kept->st_gid)
		return true;
	return fgetxattr(folder, DEFAULT_ACL, NULL, 0) >= 0 ||
	    (errno != ENODATA && errno != EOPNOTSUPP);
}

/* The kept file gets the copy's name as a second one, and loses its own with the
 * journal: no byte is stored twice. It is on the disk before the entry that names
 * it. Where the name is taken, the folder is on another file system, or anything
 * else is in the way, the file is copied. */
static bool
take_kept(struct local_copy *c, const struct local_copy_way *way)
{
	char *kept;
	struct stat st;
	bool taken;

	if (!way->alone || !way->comes_again || c->artifact->kept == NULL)
		return false;
	/* Who sends it again must be able to read it. */
	if (!(c->source.st_mode & S_IRUSR))
		return false;
	kept = text_path_bytes(c->artifact->kept);
	taken = file_stat_at(AT_FDCWD, kept, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_ino == c->source.st_ino && st.st_dev == c->source.st_dev &&
	    st.st_uid == geteuid() && !folder_bestows(c->folder, &st) &&
	    dress(c->from, &c->source) == 0 &&
	    linkat(AT_FDCWD, kept, c->folder, c->name, 0) == 0;
	free(kept);
	return taken;
}

static enum outcome
open_temporary(
    struct local_copy *c, const struct local_copy_way *way, struct err *err)
{
	int result =
	    tempfile_open(&c->to, c->folder, COPY_NAME, way->word, 0600, err);
	char *relative;

	if (result == 0)
		return OUTCOME_PENDING;
	relative = relative_name(c->artifact, way);
	err_prefix(err, ARTIFACTS_DIR "/%s", relative);
	free(relative);
	return OUTCOME_BLOCKED;
}

enum outcome
local_copy_begin(struct local_copy *c, const struct entry_artifact *artifact,
    const struct local_copy_way *way, struct err *err)
{
	struct err local = ERR_INIT;
	enum outcome outcome;

	*c =
	    (struct local_copy){.artifact = artifact, .from = -1, .folder = -1};
	c->to = TEMPFILE_INIT;
	c->sync = artifact->size >= SYNCED_BYTES || !way->comes_again;
	outcome = open_target(c, way, &local);
	if (outcome == OUTCOME_PENDING)
		outcome = source_open(
		    artifact, way->host, &c->from, &c->source, &local);
	if (outcome == OUTCOME_DONE && c->from >= 0)
		outcome = take_kept(c, way) ? OUTCOME_DONE
					    : open_temporary(c, way, &local);
	if (outcome != OUTCOME_PENDING)
		local_copy_cancel(c);
	if (outcome == OUTCOME_REJECTED || outcome == OUTCOME_BLOCKED)
		*err = local;
	return outcome;
}

/* A large copy that is there by size and time is not made again: it must not be
 * one whose content a loss of power took. */
static int
put_in_place(struct local_copy *c, struct err *err)
{
	if (dress(c->to.fd, &c->source) < 0 ||
	    (c->sync && fdatasync(c->to.fd) < 0))
		return err_errno(err, "cannot put %s in place", c->name);
	return tempfile_place(&c->to, c->folder, c->name, err);
}

static enum outcome
finish_copy(struct local_copy *c, struct err *err)
{
	struct stat copy;
	int error;

	if (file_stat(c->to.fd, &copy) < 0) {
		err_errno(err, "cannot check the copy of %s", c->name);
		return OUTCOME_BLOCKED;
	}
	error = source_check(c->from, c->artifact, err);
	if (error < 0)
		return source_outcome(error);
	if (copy.st_size != c->artifact->size) {
		err_set(err, SOURCE_CHANGED,
		    "%s has changed while it was copied", c->artifact->path);
		return OUTCOME_REJECTED;
	}
	error = put_in_place(c, err);
	return error < 0 ? outcome_of(error) : OUTCOME_DONE;
}

enum outcome
local_copy_step(struct local_copy *c, struct err *err)
{
	enum outcome outcome = OUTCOME_PENDING;
	size_t left = LOCAL_COPY_STEP;
	ssize_t got = 1;

	/* The copy ends at the recorded size: a source that grows as fast as we
	 * copy would have no end. */
	while (left > 0 && got > 0 && c->copied <= c->artifact->size) {
		got = file_copy_some(c->from, c->to.fd, left, err);
		if (got > 0) {
			left -= (size_t)got;
			c->copied += got;
		}
	}
	if (got < 0)
		outcome = OUTCOME_BLOCKED;
	else if (got == 0 || c->copied > c->artifact->size)
		outcome = finish_copy(c, err);
	if (outcome != OUTCOME_PENDING)
		local_copy_cancel(c);
	return outcome;
}

void
local_copy_cancel(struct local_copy *c)
{
	if (c->artifact == NULL)
		return;
	tempfile_drop(&c->to);
	if (c->from >= 0)
		close(c->from);
	if (c->folder >= 0)
		close(c->folder);
	free(c->name);
	*c = (struct local_copy){.from = -1, .folder = -1};
}

void
local_copy_forget(int dirfd, const char *word)
{
	int folder = folder_open(dirfd, ARTIFACTS_DIR, false, NULL);

	if (folder < 0)
		return;
	tempfile_remove_left(folder, COPY_NAME, word);
	close(folder);
}

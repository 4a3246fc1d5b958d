#include "tracker/common/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "tracker/common/source.h"

#define ARTIFACTS_DIR "artifacts"
/* Known to nobody else: left from a kill, it is written over. */
#define TEMPORARY_NAME ".itrack-copy.tmp"

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

/* The folder of `path` below `dirfd`, made where it is missing; no symbolic
 * link is followed. *base gets the last component. */
static int
open_folder(int dirfd, char *path, char **base, struct err *err)
{
	char *slash, *name = path;
	int fd = dirfd, next;

	for (;;) {
		slash = strchr(name, '/');
		if (slash == NULL)
			break;
		*slash = '\0';
		if (mkdirat(fd, name, 0777) < 0 && errno != EEXIST) {
			err_errno(err, "cannot create %s", name);
			goto fail;
		}
		next = openat(
		    fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0) {
			err_errno(err, "cannot open %s", name);
			goto fail;
		}
		if (fd != dirfd)
			close(fd);
		fd = next;
		name = slash + 1;
	}
	*base = name;
	return fd;
fail:
	if (fd != dirfd)
		close(fd);
	return err->code;
}

/* Errors of the name itself: another artifact stands in its way, or it is too
 * long. Everything else is the place's fault. */
static bool
is_names_fault(int code)
{
	return code == -ENOTDIR || code == -EISDIR || code == -ENAMETOOLONG ||
	    code == -ELOOP || code == -ENOTEMPTY;
}

static enum outcome
outcome_of(int code)
{
	return is_names_fault(code) ? OUTCOME_REJECTED : OUTCOME_BLOCKED;
}

static enum outcome
open_target(struct local_copy *c, int dirfd, bool reuse, struct err *err)
{
	char *relative = local_copy_name(c->artifact->name);
	char *path = xasprintf(ARTIFACTS_DIR "/%s", relative), *base = NULL;
	enum outcome outcome = OUTCOME_PENDING;
	struct stat st;

	free(relative);
	c->folder = open_folder(dirfd, path, &base, err);
	if (c->folder < 0) {
		outcome = outcome_of(c->folder);
		goto out;
	}
	c->name = xstrdup(base);
	if (reuse &&
	    fstatat(c->folder, c->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && st.st_size == c->artifact->size &&
	    clock_ns(&st.st_mtim) == c->artifact->mtime_ns) {
		outcome = OUTCOME_DONE;
		goto out;
	}
	c->temporary = xstrdup(TEMPORARY_NAME);
	c->to = openat(c->folder, c->temporary,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (c->to < 0) {
		err_errno(err, "cannot create a file in %s", path);
		outcome = OUTCOME_BLOCKED;
	}
out:
	free(path);
	return outcome;
}

enum outcome
local_copy_begin(struct local_copy *c, int dirfd,
    const struct entry_artifact *artifact, const char *host, bool reuse,
    struct err *err)
{
	struct err local = ERR_INIT;
	enum outcome outcome;

	*c = (struct local_copy){
	    .artifact = artifact, .from = -1, .to = -1, .folder = -1};
	outcome = open_target(c, dirfd, reuse, &local);
	if (outcome == OUTCOME_PENDING)
		outcome =
		    source_open(artifact, host, &c->from, &c->source, &local);
	if (outcome == OUTCOME_DONE && c->from >= 0)
		outcome = OUTCOME_PENDING;
	if (outcome != OUTCOME_PENDING)
		local_copy_cancel(c);
	if (outcome == OUTCOME_REJECTED || outcome == OUTCOME_BLOCKED)
		*err = local;
	return outcome;
}

/* Mode and times of the source, as shutil.copy2 gives them; no set-ID bits. */
static int
put_in_place(struct local_copy *c, struct err *err)
{
	struct timespec times[2] = {c->source.st_atim, c->source.st_mtim};

	if (fchmod(c->to, c->source.st_mode & 0777) < 0 ||
	    futimens(c->to, times) < 0 ||
	    renameat(c->folder, c->temporary, c->folder, c->name) < 0)
		return err_errno(err, "cannot put %s in place", c->name);
	free(c->temporary);
	c->temporary = NULL;
	return 0;
}

static enum outcome
finish_copy(struct local_copy *c, struct err *err)
{
	struct stat copy;
	int error;

	if (fstat(c->to, &copy) < 0) {
		err_errno(err, "cannot check the copy of %s", c->name);
		return OUTCOME_BLOCKED;
	}
	if (source_check(c->from, c->artifact, err) < 0)
		return OUTCOME_REJECTED;
	if (copy.st_size != c->artifact->size) {
		err_set(err, -ESTALE, "%s has changed while it was copied",
		    c->artifact->path);
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

	/* A source that grows as fast as we copy would have no end. */
	while (left > 0 && got > 0 && c->copied <= c->artifact->size) {
		got = file_copy_some(c->from, c->to, left, err);
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
	if (c->temporary != NULL && c->to >= 0)
		unlinkat(c->folder, c->temporary, 0);
	if (c->to >= 0)
		close(c->to);
	if (c->from >= 0)
		close(c->from);
	if (c->folder >= 0)
		close(c->folder);
	free(c->name);
	free(c->temporary);
	*c = (struct local_copy){.from = -1, .to = -1, .folder = -1};
}

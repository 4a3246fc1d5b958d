#include "watcher/artifacts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "mapping/names.h"

/* The files have insideLLMs' order. `safe`: holds no prompts and answers. */
static const struct {
	const char *name;
	bool safe;
} files[SETTLE_FILES] = {
    {MANIFEST_FILE, true},
    {RECORDS_FILE, false},
    {CONFIG_FILE, true},
    {SUMMARY_FILE, true},
    {EXPLAIN_FILE, false},
    {REPORT_FILE, false},
};

#define RECORDS 1

enum artifact_choice
artifact_choice_of(const char *word)
{
	if (word != NULL && strcmp(word, "none") == 0)
		return ARTIFACTS_NONE;
	if (word != NULL && strcmp(word, "safe") == 0)
		return ARTIFACTS_SAFE;
	return ARTIFACTS_ALL;
}

static bool
is_chosen(const struct settle *s, int i)
{
	return s->config.choice == ARTIFACTS_ALL ||
	    (s->config.choice == ARTIFACTS_SAFE && files[i].safe);
}

void
settle_init(struct settle *s, const struct settle_config *config)
{
	*s = (struct settle){.config = *config};
}

void
settle_release(struct settle *s)
{
	settle_let_go(s);
	for (int i = 0; i < SETTLE_FILES; i++)
		free(s->files[i].kept.name);
	*s = (struct settle){0};
}

static int64_t
kept_by_others(const struct settle *s, int i)
{
	int64_t bytes = 0;

	for (int k = 0; k < SETTLE_FILES; k++)
		if (k != i)
			bytes += s->files[k].kept.bytes;
	return bytes;
}

static void
say_not_kept(struct settle *s, int i, const struct err *err)
{
	char *why =
	    xasprintf("not kept beside the journal, read where it lies: "
		      "%s",
		err->message);

	s->config.refused(files[i].name, why, s->config.data);
	free(why);
}

static void
keep(struct settle *s, int i, int fd)
{
	struct settle_file *file = &s->files[i];
	struct err err = ERR_INIT;
	int result;

	free(file->kept.name);
	file->kept = (struct settle_kept){.name = NULL};
	if (s->config.keep == NULL ||
	    kept_by_others(s, i) + file->size > SETTLE_KEEP_BYTES)
		return;
	result = s->config.keep(
	    files[i].name, i + 1, fd, &file->kept, &err, s->config.data);
	/* If the file grew meanwhile, the kept part is what is delivered. */
	if (result == 0)
		file->size = file->kept.bytes;
	else if (result != -ENOTSUP)
		say_not_kept(s, i, &err);
}

static void
take_open(struct settle *s, int i, int fd, const struct stat *st)
{
	struct settle_file *file = &s->files[i];

	if (file->there && file->device == st->st_dev &&
	    file->inode == st->st_ino && file->size == st->st_size &&
	    file->mtime_ns == clock_ns(&st->st_mtim) &&
	    file->ctime_ns == clock_ns(&st->st_ctim))
		return;
	file->there = true;
	file->device = st->st_dev;
	file->inode = st->st_ino;
	file->mode = st->st_mode;
	file->size = st->st_size;
	file->mtime_ns = clock_ns(&st->st_mtim);
	file->ctime_ns = clock_ns(&st->st_ctim);
	keep(s, i, fd);
}

/* Returns `code`, unless the file was taken before. */
static int
could_not_look(struct settle *s, int i, int code)
{
	s->config.refused(files[i].name, strerror(-code), s->config.data);
	return s->files[i].there ? 0 : code;
}

/* Takes a file whose name is gone. */
static int
take_held(struct settle *s, int i)
{
	int held = s->files[i].held;
	struct stat st;

	if (held == 0)
		return 0;
	if (held < 0)
		return could_not_look(s, i, held);
	if (file_stat(held, &st) < 0)
		return could_not_look(s, i, -errno);
	take_open(s, i, held, &st);
	return 0;
}

/* Who imports a run that somebody sent would send on whatever a link of theirs
 * leads to. */
static const char *
why_refused(int dir_fd, const char *name)
{
	struct stat st;
	bool link =
	    file_look(dir_fd, name, AT_SYMLINK_NOFOLLOW, &st, NULL) > 0 &&
	    S_ISLNK(st.st_mode);

	return link ? "a link: the file that it leads to is not sent"
		    : "not a regular file";
}

static int
take(struct settle *s, int i, int dir_fd)
{
	struct err err = ERR_INIT;
	struct stat st;
	int fd = file_open_regular(dir_fd, files[i].name, &st, &err);

	if (fd >= 0) {
		take_open(s, i, fd, &st);
		close(fd);
	} else if (file_is_absent(fd)) {
		return take_held(s, i);
	} else if (file_is_unknown(fd)) {
		return could_not_look(s, i, fd);
	} else {
		s->config.refused(files[i].name,
		    why_refused(dir_fd, files[i].name), s->config.data);
	}
	return 0;
}

int
settle_take(struct settle *s, int dir_fd)
{
	int result = 0;

	for (int i = 0; i < SETTLE_FILES; i++) {
		int code =
		    is_chosen(s, i) && i != RECORDS ? take(s, i, dir_fd) : 0;

		if (code < 0)
			result = code;
	}
	if (is_chosen(s, RECORDS)) {
		int code = take(s, RECORDS, dir_fd);

		if (code < 0)
			result = code;
	}
	return result;
}

static int
find(const char *name)
{
	for (int i = 0; i < SETTLE_FILES; i++)
		if (strcmp(files[i].name, name) == 0)
			return i;
	return -1;
}

void
settle_hold(struct settle *s, const char *name, int fd)
{
	int i = find(name), copy;

	if (i < 0)
		return;
	copy = fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 1);
	if (copy < 0) {
		if (s->files[i].held <= 0)
			s->files[i].held = fd < 0 ? fd : -errno;
		return;
	}
	if (s->files[i].held > 0)
		close(s->files[i].held);
	s->files[i].held = copy;
}

int
settle_held(const struct settle *s, const char *name)
{
	int i = find(name);

	return i >= 0 ? s->files[i].held : 0;
}

void
settle_let_go(struct settle *s)
{
	for (int i = 0; i < SETTLE_FILES; i++) {
		if (s->files[i].held > 0)
			close(s->files[i].held);
		s->files[i].held = 0;
	}
}

void
settle_emit(struct settle *s, const char *dir_text, int64_t time_us)
{
	for (int i = 0; i < SETTLE_FILES; i++) {
		struct settle_file *file = &s->files[i];
		struct entry e;

		if (!file->there)
			continue;
		if (dir_text == NULL && file->kept.name == NULL) {
			s->config.refused(files[i].name,
			    "gone, and nothing was kept of it", s->config.data);
			continue;
		}
		entry_init(&e, ENTRY_ARTIFACT, time_us);
		e.artifact.name = xstrdup(files[i].name);
		e.artifact.type = xstrdup("file");
		e.artifact.path = xasprintf("%s/%s",
		    dir_text == NULL || strcmp(dir_text, "/") == 0 ? ""
								   : dir_text,
		    files[i].name);
		e.artifact.kept = file->kept.name;
		file->kept.name = NULL;
		if (e.artifact.kept != NULL)
			e.artifact.mode = file->mode & 0777;
		e.artifact.size = file->size;
		e.artifact.mtime_ns = file->mtime_ns;
		e.artifact.inode = file->inode;
		s->config.emit(&e, s->config.data);
	}
}

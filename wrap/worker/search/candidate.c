#include "wrap/worker/search/candidate.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "base/process.h"
#include "mapping/names.h"
#include "watcher/watcher.h"
#include "wrap/worker/search/open_files.h"

struct candidate {
	struct candidate_config config;
	char *dir, *root;
	struct inotify_watch watch; /* of the nearest directory that exists */
	char *watched;
	bool watching;
	struct open_files open; /* while it looks, once it was asked for */
	bool has_open;
	struct blind_spots unseen; /* by the last look */
};

static void
note(struct candidate *f, const char *dir, int code)
{
	if (f->dir != NULL)
		blind_spots_note(&f->unseen, dir, code);
	else
		blind_spots_note_dir(&f->unseen, dir, code);
}

/* Returns 1, 0, or a negative errno if it is not known. */
static int
changed_since_launch(const struct candidate *f, const char *dir)
{
	static const char *const names[] = {
	    RECORDS_FILE, CONFIG_FILE, MANIFEST_FILE, MARKER_FILE};
	int code = 0;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct watcher_stamp stamp = watcher_stamp(dir, names[i]);

		if (stamp.there && stamp.ctime_ns >= f->config.not_before_ns)
			return 1;
		if (stamp.code < 0)
			code = stamp.code;
	}
	return code;
}

/* The program opens its records later than the marker, and a harness has them
 * open for a moment only. So where nobody has them open the process that the
 * arguments name is the writer if it has no children (sh, timeout and the like
 * wait for theirs). When the command is over by now, its status is that of the
 * program that its arguments named. */
static pid_t
writer_of(const struct candidate *f, const struct find_open *open)
{
	pid_t command = f->config.command;

	if (open->below > 0)
		return open->below;
	return f->config.direct && command > 0 && !process_has_children(command)
	    ? command
	    : 0;
}

/* Asks /proc once for all directories of a look. */
static int
ask_who_writes(struct candidate *f, const char *dir, struct find_open *open)
{
	int result = f->has_open ? 0 : open_files_read(&f->open);

	f->has_open = result == 0;
	if (!f->has_open)
		open_files_release(&f->open);
	return result < 0
	    ? result
	    : find_open(open, &f->open, dir, f->config.ours, f->config.data);
}

/* Returns 1, 0, or a negative errno if it is not known. */
static int
is_of_another_user(const struct candidate *f, const char *dir)
{
	char *marker = path_join(dir, MARKER_FILE), *folder = path_parent(dir);
	struct stat st, above;
	int result =
	    file_look(AT_FDCWD, marker, AT_SYMLINK_NOFOLLOW, &st, NULL);

	if (result > 0)
		result = file_look(AT_FDCWD, folder, 0, &above, NULL);
	free(folder);
	free(marker);
	if (result <= 0)
		return result;
	return st.st_uid != above.st_uid &&
	    !f->config.user(st.st_uid, f->config.data);
}

/* A directory that has the marker, or of which that is not known. */
struct marked {
	char *dir;
	struct watcher_stamp marker;
};

static void
consider(struct candidate *f, const struct marked *one)
{
	const char *dir = one->dir;
	struct find_open open = {0};
	int result =
	    one->marker.there ? changed_since_launch(f, dir) : one->marker.code;

	if (result == 0 || f->config.known(dir, f->config.data))
		return;
	if (result > 0)
		result = ask_who_writes(f, dir, &open);
	if (result == 0 && open.below == 0 && f->dir == NULL)
		result = is_of_another_user(f, dir);
	if (result < 0)
		note(f, dir, result);
	else if (open.below > 0 || (result == 0 && !open.elsewhere))
		f->config.found(dir, writer_of(f, &open), f->config.data);
}

struct several {
	struct marked *list;
	size_t len;
	const char *root;
};

/* Takes `dir` over. */
static void
add(struct several *all, char *dir)
{
	struct watcher_stamp marker = watcher_stamp(dir, MARKER_FILE);

	if (!marker.there && marker.code == 0) {
		free(dir);
		return;
	}
	all->list = xreallocarray(all->list, all->len + 1, sizeof *all->list);
	all->list[all->len++] = (struct marked){dir, marker};
}

static int
add_name(const char *name, void *data)
{
	struct several *all = data;

	if (name[0] != '.')
		add(all, path_join(all->root, name));
	return 0;
}

static int
by_time(const void *a, const void *b)
{
	const struct marked *one = a, *other = b;

	if (one->marker.ctime_ns != other->marker.ctime_ns)
		return one->marker.ctime_ns < other->marker.ctime_ns ? -1 : 1;
	return strcmp(one->dir, other->dir);
}

/* In the order in which they were made: of equal runs the first one has no suffix,
 * and a copy comes behind its original. */
static void
consider_all(struct candidate *f, struct several *all)
{
	if (all->len > 1)
		qsort(all->list, all->len, sizeof *all->list, by_time);
	for (size_t i = 0; i < all->len; i++) {
		consider(f, &all->list[i]);
		free(all->list[i].dir);
	}
	free(all->list);
}

/* Watches the directory itself, or the nearest one above it that exists: the
 * next on the way will be made in there. */
static void
watch_nearest(struct candidate *f)
{
	char *at = xstrdup(f->dir != NULL ? f->dir : f->root);

	/* A directory that can't be looked at may be there. */
	while (file_look(AT_FDCWD, at, 0, NULL, NULL) == 0 &&
	    strcmp(at, "/") != 0 && strcmp(at, ".") != 0) {
		char *parent = path_parent(at);

		free(at);
		at = parent;
	}
	if (f->watching && strcmp(at, f->watched) == 0) {
		free(at);
		return;
	}
	if (f->watching)
		inotify_remove(&f->watch);
	free(f->watched);
	f->watched = at;
	f->watching = inotify_add(f->config.inotify, &f->watch, at, NULL) == 0;
}

static void
let_go(struct candidate *f)
{
	open_files_release(&f->open);
	f->has_open = false;
}

void
candidate_among(const struct candidate_config *config, char *const *dirs,
    size_t count, struct blind_spots *unseen)
{
	struct candidate f = {.config = *config};
	struct several all = {0};

	blind_spots_init(&f.unseen, config->not_before_ns);
	for (size_t i = 0; i < count; i++)
		add(&all, xstrdup(dirs[i]));
	consider_all(&f, &all);
	let_go(&f);
	blind_spots_add(unseen, &f.unseen);
	blind_spots_release(&f.unseen);
}

void
candidate_look(struct candidate *f)
{
	struct several all = {.root = f->root};

	blind_spots_forget(&f->unseen);
	/* We look again after each new watch, because what came in between has
	 * no event. */
	for (;;) {
		char *before = f->watched != NULL ? xstrdup(f->watched) : NULL;
		bool same;

		watch_nearest(f);
		same = before != NULL && strcmp(before, f->watched) == 0;
		free(before);
		if (same)
			break;
	}
	if (f->dir != NULL)
		add(&all, xstrdup(f->dir));
	else
		blind_spots_note_dir(&f->unseen, f->root,
		    file_each_name(AT_FDCWD, f->root, add_name, &all, NULL));
	consider_all(f, &all);
	let_go(f);
}

void
candidate_tell_unseen(const struct candidate *f, struct blind_spots *all)
{
	blind_spots_add(all, &f->unseen);
}

static void
on_change(struct inotify_watch *watch)
{
	candidate_look(watch->data);
}

struct candidate *
candidate_new(const struct candidate_config *config)
{
	struct candidate *f;

	if (config->dir == NULL && config->root == NULL)
		return NULL;
	f = xcalloc(1, sizeof *f);
	f->config = *config;
	f->dir = config->dir != NULL ? xstrdup(config->dir) : NULL;
	f->root = config->root != NULL ? xstrdup(config->root) : NULL;
	blind_spots_init(&f->unseen, config->not_before_ns);
	f->watch = (struct inotify_watch){.changed = on_change, .data = f};
	candidate_look(f);
	return f;
}

void
candidate_free(struct candidate *f)
{
	if (f == NULL)
		return;
	if (f->watching)
		inotify_remove(&f->watch);
	blind_spots_release(&f->unseen);
	free(f->watched);
	free(f->dir);
	free(f->root);
	free(f);
}

#include "wrap/worker/find.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/path.h"
#include "base/process.h"
#include "mapping/names.h"
#include "watcher/watcher.h"
#include "wrap/worker/find_open.h"

struct find {
	struct find_config config;
	char *dir, *root;
	struct tree_watch watch; /* of the nearest directory that exists */
	char *watched;
	bool watching;
	struct open_files open; /* while it looks, once it was asked for */
	bool has_open;
};

static bool
changed_since_launch(const struct find *f, const char *dir)
{
	static const char *const names[] = {
	    RECORDS_FILE, CONFIG_FILE, MANIFEST_FILE, MARKER_FILE};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct watcher_stamp stamp = watcher_stamp(dir, names[i]);

		if (stamp.there && stamp.ctime_ns >= f->config.not_before_ns)
			return true;
	}
	return false;
}

/* The program opens its records later than the marker, and a harness has them
 * open for a moment only: who has none is told from having no children (sh,
 * timeout and the like wait for theirs). When the command is over by
 * now, its status is that of the program that its arguments named. */
static pid_t
writer_of(const struct find *f, const struct find_open *open)
{
	pid_t command = f->config.command;

	if (open->below > 0)
		return open->below;
	return f->config.direct && command > 0 && !process_has_children(command)
	    ? command
	    : 0;
}

static void
consider(struct find *f, const char *dir)
{
	struct find_open open;

	if (!watcher_stamp(dir, MARKER_FILE).there ||
	    !changed_since_launch(f, dir) ||
	    f->config.known(dir, f->config.data))
		return;
	if (!f->has_open)
		open_files_read(&f->open);
	f->has_open = true;
	find_open(&open, &f->open, dir, f->config.ours, f->config.data);
	if (open.below > 0 || !open.elsewhere)
		f->config.found(dir, writer_of(f, &open), f->config.data);
}

static void
consider_root(struct find *f)
{
	DIR *root = opendir(f->root);
	const struct dirent *d;

	while (root != NULL && (d = readdir(root)) != NULL) {
		char *dir;

		if (d->d_name[0] == '.')
			continue;
		dir = path_join(f->root, d->d_name);
		consider(f, dir);
		free(dir);
	}
	if (root != NULL)
		closedir(root);
}

/* Watches the directory itself, or the nearest one above it that exists: the
 * next on the way will be made in there. */
static void
watch_nearest(struct find *f)
{
	char *at = xstrdup(f->dir != NULL ? f->dir : f->root);

	while (access(at, F_OK) < 0 && strcmp(at, "/") != 0 &&
	    strcmp(at, ".") != 0) {
		char *parent = path_parent(at);

		free(at);
		at = parent;
	}
	if (f->watching && strcmp(at, f->watched) == 0) {
		free(at);
		return;
	}
	if (f->watching)
		tree_remove(&f->watch);
	free(f->watched);
	f->watched = at;
	f->watching = tree_add(f->config.tree, &f->watch, at, NULL) == 0;
}

static void
let_go(struct find *f)
{
	open_files_release(&f->open);
	f->has_open = false;
}

void
find_among(const struct find_config *config, char *const *dirs, size_t count)
{
	struct find f = {.config = *config};

	for (size_t i = 0; i < count; i++)
		consider(&f, dirs[i]);
	let_go(&f);
}

void
find_look(struct find *f)
{
	/* Again after each new watch: what came in between has no event. */
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
		consider(f, f->dir);
	else
		consider_root(f);
	let_go(f);
}

static void
on_change(struct tree_watch *watch)
{
	find_look(watch->data);
}

struct find *
find_new(const struct find_config *config)
{
	struct find *f;

	if (config->dir == NULL && config->root == NULL)
		return NULL;
	f = xcalloc(1, sizeof *f);
	f->config = *config;
	f->dir = config->dir != NULL ? xstrdup(config->dir) : NULL;
	f->root = config->root != NULL ? xstrdup(config->root) : NULL;
	f->watch = (struct tree_watch){.changed = on_change, .data = f};
	find_look(f);
	return f;
}

void
find_free(struct find *f)
{
	if (f == NULL)
		return;
	if (f->watching)
		tree_remove(&f->watch);
	free(f->watched);
	free(f->dir);
	free(f->root);
	free(f);
}

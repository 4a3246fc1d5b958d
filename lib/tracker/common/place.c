#include "tracker/common/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/multimap.h"
#include "base/path.h"
#include "base/random.h"
#include "base/tempfile.h"
#include "format/text.h"
#include "tracker/about.h"
#include "tracker/common/marked.h"
#include "tracker/common/number_cache.h"
#include "tracker/plan.h"

/* Attempts at one run ID in one place; each costs the next a failed mkdir. */
#define PLACE_ATTEMPTS_MAX 100000

/* The name under which the cursor keeps the path. */
#define KEY_TAKEN "dir"
/* What tells that directory from another one (base/folder.h). */
#define KEY_MARK "dir-mark"

/* An attempt's name, in pieces as files are read; anything longer is not ours.
 */
#define MARK_MAX_BYTES (256 * 1024)
/* Trackers that write into a directory of a run of their own. */
#define PLACES_MAX 8

char *
place_root_of(
    const struct tracker_about *about, const char *given, const char *run_dir)
{
	char *parent, *root;

	if (given != NULL)
		return text_path_bytes(given);
	if (run_dir == NULL)
		return NULL;
	parent = path_parent(run_dir);
	root = path_join(parent, about->beside);
	free(parent);
	return root;
}

static char *
root_of(const struct tracker_about *about, const char *given,
    const struct run_info *run)
{
	char *dir = given == NULL ? text_path_bytes(run->start->run_dir) : NULL;
	char *root = place_root_of(about, given, dir);

	free(dir);
	return root;
}

char *
place_root(const struct tracker *t, const struct run_info *run)
{
	const struct tracker_about *about = t->ops->about;

	return root_of(about, tracker_option(t, about->root), run);
}

const char *
place_run_id(const struct run_info *run)
{
	if (run->run_id != NULL && run->run_id[0] != '\0')
		return run->run_id;
	return path_base(run->start->run_dir);
}

/* A run that is all there already is soon delivered, and needs no cursor then: who
 * comes after a kill finds its directory by the mark. */
static void
remember(struct tracker *t, const struct run_info *run, const char *path)
{
	char *text = text_path_text(path);

	if (run->ended)
		tracker_remember_later(t, KEY_TAKEN, text);
	else
		tracker_remember(t, KEY_TAKEN, text);
	free(text);
}

static char *
recall(const struct tracker *t, const char *key)
{
	const char *text = tracker_recall(t, key);

	return text != NULL ? text_path_bytes(text) : NULL;
}

const char *
place_word(const char *attempt)
{
	const char *dash = strrchr(attempt, '-');

	return dash != NULL &&
		random_is_name(dash + 1, TEMPFILE_WORD_SIZE - 1) &&
		strlen(dash + 1) == TEMPFILE_WORD_SIZE - 1
	    ? dash + 1
	    : NULL;
}

int
place_check(struct tracker *t, const char *key, int fd, const char *path,
    struct err *err)
{
	char mark[FOLDER_MARK_SIZE];
	const char *known = tracker_recall(t, key);
	int result = folder_mark(fd, mark, err);

	if (result < 0)
		return result;
	if (known == NULL || known[0] == '\0')
		tracker_remember_later(t, key, mark);
	else if (strcmp(known, mark) != 0)
		return err_set(err, -ESTALE,
		    "%s is another folder than the one that was made for this "
		    "run, so nothing is written there: put that one back, or "
		    "move this one away",
		    path);
	return 0;
}

void
place_forget(struct tracker *t, const char *key)
{
	if (tracker_recall(t, key) != NULL)
		tracker_remember_later(t, key, "");
}

/* Opens the root that the user named, and makes it if need be; links in it are
 * followed. */
static int
open_root(const char *root, struct err *err)
{
	int fd = file_make_dirs(root, MARKED_MODE, err);

	if (fd < 0)
		return fd;
	fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_errno(err, "cannot open %s", root) : fd;
}

/* Is the directory there, and whose is it? */
enum owner { FREE, OURS, OTHERS };

/* The mark gets the attempt that has the directory, or is empty. */
static int
owner_of(int parent, const char *name, const char *attempt, struct buf *mark,
    struct err *err)
{
	struct err local = ERR_INIT;
	struct stat st;
	int fd, result;

	buf_reset(mark);
	result = file_look(parent, name, AT_SYMLINK_NOFOLLOW, &st, err);
	if (result <= 0)
		return result < 0 ? result : FREE;
	if (!S_ISDIR(st.st_mode) || !folder_is_ours(parent, &st))
		return OTHERS;
	fd = folder_open(parent, name, false, &local);
	result =
	    fd < 0 ? fd : file_read_if_there(fd, MARKED_FILE, mark, &local);
	if (fd >= 0)
		close(fd);
	if (result <= 0)
		buf_reset(mark);
	/* No mark, or none that we would make. */
	if (!file_is_unknown(result))
		return strcmp(mark->data, attempt) == 0 ? OURS : OTHERS;
	err_prefix(&local, "%s", name);
	return err_set(err, result, "%s", local.message);
}

/* The directories of the attempt, one for each of its trackers that has one:
 * they bear the same number, so that a run has one name everywhere. */
struct places {
	struct place {
		char *path; /* without the number */
		int parent; /* the folder that it is in */
		bool own;   /* of the tracker that asks */
		bool made;  /* now */
	} list[PLACES_MAX];
	size_t len;
	const char *attempt;
	uint64_t key; /* of these folders (number_cache.h) */
};

static char *
numbered(const char *name, int number)
{
	return number == 1 ? xstrdup(name) : xasprintf("%s-%d", name, number);
}

static int
add_place(struct places *p, const char *root, const struct run_info *run,
    const char *run_id, struct err *err)
{
	char *project = path_encode(run->start->project);
	char *id = path_encode(run_id);
	int base = open_root(root, err);
	int parent = base < 0 ? base : folder_open(base, project, true, err);

	if (base >= 0 && parent < 0)
		err_prefix(err, "%s", root);
	if (parent >= 0)
		p->list[p->len++] = (struct place){
		    .path = xasprintf("%s/%s/%s", root, project, id),
		    .parent = parent};
	if (base >= 0)
		close(base);
	free(id);
	free(project);
	return parent < 0 ? parent : 0;
}

/* `root`: that of the tracker itself. What another tracker of ours can't make is
 * that one's to tell. */
static int
open_places(struct places *p, const struct tracker *t, const char *root,
    const struct run_info *run, const char *run_id, struct err *err)
{
	int result;

	*p = (struct places){.attempt = run->start->attempt};
	result = add_place(p, root, run, run_id, err);
	p->list[0].own = true;
	for (size_t i = 0; i < run->start->target_len && result == 0; i++) {
		const struct target *target = &run->start->targets[i];
		const struct tracker_about *about =
		    tracker_about_find(target->tracker);
		const struct plan plan = {.target = target};
		char *its;

		if (about == NULL || about->beside == NULL ||
		    p->len == PLACES_MAX || about == t->ops->about ||
		    plan_option(&plan, PLACE_OPTION) != NULL)
			continue;
		its = root_of(about, plan_option(&plan, about->root), run);
		add_place(p, its, run, run_id, NULL);
		free(its);
	}
	return result;
}

static void
close_places(struct places *p)
{
	for (size_t i = 0; i < p->len; i++) {
		close(p->list[i].parent);
		free(p->list[i].path);
	}
}

/* 1: the attempt has it already; 0: it is free; -EEXIST: another's; another
 * negative errno: it can't be said. The first folder that is there decides. */
static int
look_at_number(const struct places *p, int number, struct err *err)
{
	struct buf mark;
	int result = 0;

	buf_init(&mark, MARK_MAX_BYTES);
	for (size_t i = 0; i < p->len && (result == 0 || result == -EEXIST);
	     i++) {
		const struct place *place = &p->list[i];
		char *name = numbered(path_base(place->path), number);
		int owner = owner_of(place->parent, name, p->attempt, &mark,
		    place->own ? err : NULL);

		if (owner == OTHERS)
			numbers_note(p->key, mark.data, number);
		free(name);
		if (result < 0)
			continue;
		if (owner == OTHERS)
			result = -EEXIST;
		else if (owner == OURS)
			result = 1;
		else if (owner < 0 && place->own)
			result = owner;
	}
	buf_release(&mark);
	return result;
}

/* Is it there? Then what a kill left under the first name is of no use. */
static bool
is_made(const struct place *place, const char *name, const char *attempt)
{
	struct buf mark;
	int owner;

	buf_init(&mark, MARK_MAX_BYTES);
	owner = owner_of(place->parent, name, attempt, &mark, NULL);
	buf_release(&mark);
	if (owner != OURS)
		return false;
	marked_leave(place->parent, attempt);
	return true;
}

/* All of them, or none. `ours`: the number is ours already, and those that are
 * not there are made. */
static int
make_number(struct places *p, int number, bool ours, struct err *err)
{
	char *name;
	int result = 0;

	for (size_t i = 0; i < p->len && result == 0; i++) {
		struct place *place = &p->list[i];
		int made;

		name = numbered(path_base(place->path), number);
		if (ours && is_made(place, name, p->attempt)) {
			free(name);
			continue;
		}
		made = marked_make(
		    place->parent, name, p->attempt, place->own ? err : NULL);
		place->made = made == 0;
		if (made == -EEXIST ? !ours : made < 0 && place->own)
			result = made;
		free(name);
	}
	for (size_t i = 0; i < p->len && result < 0; i++) {
		name = numbered(path_base(p->list[i].path), number);
		if (p->list[i].made)
			marked_unmake(p->list[i].parent, name);
		free(name);
	}
	return result;
}

/* The same for the same folders, whichever tracker asks. */
static uint64_t
place_key(const struct places *p)
{
	uint64_t key = 0;

	for (size_t i = 0; i < p->len; i++) {
		struct stat st;

		if (fstat(p->list[i].parent, &st) == 0)
			key += multimap_hash(path_base(p->list[i].path)) *
				(st.st_ino * 2 + 1) ^
			    st.st_dev;
	}
	return key;
}

/* The first number that may be ours or free. A number that became free between
 * others is not given again by this process. */
static int
first_number(const struct places *p)
{
	int number = numbers_of(p->key, p->attempt), last;

	if (number > 0 && look_at_number(p, number, NULL) > 0)
		return number;
	last = numbers_taken(p->key);
	if (last > 0 && look_at_number(p, 1, NULL) == -EEXIST &&
	    look_at_number(p, last, NULL) == -EEXIST)
		return last + 1;
	return 1;
}

/* The attempt's number, with its directories made; a negative errno. */
static int
take_number(struct places *p, struct err *err)
{
	int result = -EEXIST, number;

	p->key = place_key(p);
	for (number = first_number(p); number <= PLACE_ATTEMPTS_MAX; number++) {
		result = look_at_number(p, number, err);
		if (result >= 0) {
			result = make_number(p, number, result > 0, err);
			if (result == 0)
				numbers_note(p->key, p->attempt, number);
			if (result == 0)
				return number;
			/* Another was quicker: whose is it? */
			if (result == -EEXIST)
				look_at_number(p, number, NULL);
		}
		if (result != -EEXIST)
			return result;
		numbers_pass(p->key, number);
	}
	return err_set(err, result, "%s and its numbered names are all taken",
	    p->list[0].path);
}

static int
take(struct tracker *t, const char *root, const struct run_info *run,
    char **path, struct err *err)
{
	struct places p;
	char *name;
	int fd = open_places(&p, t, root, run, place_run_id(run), err);

	if (fd == 0)
		fd = take_number(&p, err);
	if (fd > 0) {
		*path = numbered(p.list[0].path, fd);
		name = numbered(path_base(p.list[0].path), fd);
		fd = folder_open(p.list[0].parent, name, false, err);
		free(name);
	}
	for (size_t i = 0; i < p.len && fd < 0; i++)
		marked_leave_prepared(p.list[i].parent, p.attempt);
	close_places(&p);
	return fd;
}

void
place_prepare(struct tracker *t, const struct run_info *run)
{
	struct places p;
	char *root, *folder;

	if (tracker_recall(t, KEY_TAKEN) != NULL ||
	    tracker_option(t, PLACE_OPTION) != NULL)
		return;
	root = place_root(t, run);
	open_places(&p, t, root, run, place_run_id(run), NULL);
	for (size_t i = 0; i < p.len; i++) {
		folder = path_parent(p.list[i].path);
		marked_prepare(p.list[i].parent, folder, p.attempt);
		free(folder);
	}
	close_places(&p);
	free(root);
}

static int
is_content(const char *name, void *data)
{
	(void)data;
	return strcmp(name, MARKED_FILE) != 0;
}

/* Below the root nothing is followed; a path that leads elsewhere (the root has
 * another name by now) has its own folder as the root. */
static int
split(const char *root, const char *path, int *base, char **below,
    struct err *err)
{
	size_t len = strlen(root);
	char *parent;

	while (len > 0 && root[len - 1] == '/')
		len--;
	if (strncmp(root, path, len) == 0 && path[len] == '/') {
		*base = open_root(root, err);
		*below = xstrdup(path + len + 1);
	} else {
		parent = path_parent(path);
		*base = open_root(parent, err);
		*below = xstrdup(path_base(path));
		free(parent);
	}
	return *base;
}

static int
come_back(
    struct tracker *t, const char *root, const char *path, struct err *err)
{
	struct err missing = ERR_INIT;
	char *below;
	int base, fd;

	if (split(root, path, &base, &below, err) < 0) {
		free(below);
		return base;
	}
	fd = folder_open(base, below, false, &missing);
	if (fd == -ENOENT) {
		place_forget(t, KEY_MARK);
		fd = folder_open(base, below, true, err);
	} else if (fd < 0) {
		*err = missing;
	}
	if (fd < 0)
		err_prefix(err, "%s", path);
	close(base);
	free(below);
	return fd;
}

int
place_open(struct tracker *t, const char *root, const struct run_info *run,
    char **path, bool *again, struct err *err)
{
	const char *given = tracker_option(t, PLACE_OPTION);
	char *text;
	int fd, result = 0;

	*path = recall(t, KEY_TAKEN);
	*again = *path != NULL;
	if (!*again && given != NULL)
		*path = text_path_bytes(given);
	if (*path == NULL) {
		fd = take(t, root, run, path, err);
	} else {
		fd = come_back(t, root, *path, err);
	}
	if (fd < 0)
		return fd;
	/* The cursor of an earlier process may be lost. */
	if (!*again) {
		result = file_each_name(fd, ".", is_content, NULL, err);
		if (result < 0)
			err_prefix(err, "%s", *path);
		*again = result > 0;
	}
	if (result >= 0)
		result = place_check(t, KEY_MARK, fd, *path, err);
	if (result < 0) {
		close(fd);
		return result;
	}
	remember(t, run, *path);
	text = text_path_text(*path);
	tracker_set_place(t, text);
	free(text);
	return fd;
}

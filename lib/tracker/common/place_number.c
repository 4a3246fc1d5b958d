#include "tracker/common/place_number.h"

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
#include "tracker/about.h"
#include "tracker/common/marked.h"
#include "tracker/common/number_cache.h"
#include "tracker/common/place.h"
#include "tracker/plan.h"

/* Attempts at one run ID in one place; each costs the next a failed mkdir. */
#define PLACE_ATTEMPTS_MAX 100000

/* An attempt's name, in pieces as files are read; anything longer is not ours.
 */
#define MARK_MAX_BYTES (256 * 1024)

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

char *
place_numbered(const char *name, int number)
{
	return number == 1 ? xstrdup(name) : xasprintf("%s-%d", name, number);
}

static int
add_place(struct place_set *p, const char *root, const struct run_info *run,
    const char *run_id, struct err *err)
{
	char *project = path_encode(run->start->project);
	char *id = path_encode(run_id);
	int base = place_open_root(root, err);
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

int
place_set_open(struct place_set *p, const struct tracker *t, const char *root,
    const struct run_info *run, const char *run_id, struct err *err)
{
	int result;

	*p = (struct place_set){.attempt = run->start->attempt};
	result = add_place(p, root, run, run_id, err);
	p->list[0].own = true;
	for (size_t i = 0; i < run->start->target_len && result == 0; i++) {
		const struct target *target = &run->start->targets[i];
		const struct tracker_about *about =
		    tracker_about_find(target->tracker);
		const struct plan plan = {.target = target};
		char *its;

		if (about == NULL || about->beside == NULL ||
		    p->len == PLACE_SET_MAX || about == t->ops->about ||
		    plan_option(&plan, PLACE_OPTION) != NULL)
			continue;
		its =
		    place_root_for(about, plan_option(&plan, about->root), run);
		add_place(p, its, run, run_id, NULL);
		free(its);
	}
	return result;
}

void
place_set_release(struct place_set *p)
{
	for (size_t i = 0; i < p->len; i++) {
		close(p->list[i].parent);
		free(p->list[i].path);
	}
}

/* 1: the attempt has it already; 0: it is free; -EEXIST: another's; another
 * negative errno: it can't be said. The first folder that is there decides. */
static int
look_at_number(const struct place_set *p, int number, struct err *err)
{
	struct buf mark;
	int result = 0;

	buf_init(&mark, MARK_MAX_BYTES);
	for (size_t i = 0; i < p->len && (result == 0 || result == -EEXIST);
	     i++) {
		const struct place *place = &p->list[i];
		char *name = place_numbered(path_base(place->path), number);
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
make_number(struct place_set *p, int number, bool ours, struct err *err)
{
	char *name;
	int result = 0;

	for (size_t i = 0; i < p->len && result == 0; i++) {
		struct place *place = &p->list[i];
		int made;

		name = place_numbered(path_base(place->path), number);
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
		name = place_numbered(path_base(p->list[i].path), number);
		if (p->list[i].made)
			marked_unmake(p->list[i].parent, name);
		free(name);
	}
	return result;
}

/* The same for the same folders, whichever tracker asks. */
static uint64_t
place_key(const struct place_set *p)
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
first_number(const struct place_set *p)
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

int
place_set_take_number(struct place_set *p, struct err *err)
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

#include "journal/list_of.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/path.h"
#include "journal/state.h"
#include "journal/list.h"

/* What the first entry of an attempt says. */
struct known {
	char *attempt;
	char *name; /* last part of the run directory's, as text */
	int64_t inode;
};

/* The attempts of one state directory as it was at the last search, in
 * state_each()'s order. An attempt that is gone leaves the list. */
struct list {
	char *state_dir;
	struct known *known;
	size_t len;
	char *refused;     /* for journals_of_refused(); NULL: nothing */
	struct err failed; /* the first error that may pass */
};

static struct list kept;

struct look {
	struct list *before, *now;
	size_t at; /* in `before`: those in front were taken, or are gone */
};

static void
release(struct known *k)
{
	free(k->attempt);
	free(k->name);
}

static void
add(struct list *list, const struct known *k)
{
	list->known =
	    xreallocarray(list->known, list->len + 1, sizeof *list->known);
	list->known[list->len++] = *k;
}

static void
refuse(struct list *list, const char *attempt, const struct err *err)
{
	char *before = list->refused;

	list->refused = xasprintf(
	    "%s%s: %s\n", before != NULL ? before : "", attempt, err->message);
	free(before);
}

/* An attempt that has no first entry yet is read again the next time. */
static void
add_new(struct list *list, const char *attempt)
{
	struct err err = ERR_INIT;
	struct entry start;
	struct known k;
	int result = journals_start(list->state_dir, attempt, &start, &err);

	if (result < 0 && result != -ENODATA && result != -ENOENT)
		refuse(list, attempt, &err);
	if (journals_may_be_read_later(result) && list->failed.code == 0)
		list->failed = err;
	if (result < 0)
		return;
	k.attempt = xstrdup(attempt);
	k.name = xstrdup(path_base(start.start.run_dir));
	k.inode = start.start.dir_inode;
	add(list, &k);
	entry_release(&start);
}

static bool
look_at(const char *attempt, void *data)
{
	struct look *look = data;
	struct list *before = look->before;
	int order = -1;

	while (look->at < before->len &&
	    (order = strcmp(before->known[look->at].attempt, attempt)) < 0)
		release(&before->known[look->at++]);
	if (look->at < before->len && order == 0)
		add(look->now, &before->known[look->at++]);
	else
		add_new(look->now, attempt);
	return true;
}

static void
look_again(const char *state_dir)
{
	struct list now = {.state_dir = xstrdup(state_dir)};
	struct list before = kept;
	struct look look = {.before = &before, .now = &now};
	struct err err = ERR_INIT;

	if (before.state_dir != NULL &&
	    strcmp(before.state_dir, state_dir) != 0)
		for (; look.at < before.len; look.at++)
			release(&before.known[look.at]);
	if (state_each(state_dir, look_at, &look, &err) < 0) {
		refuse(&now, state_dir, &err);
		now.failed = err;
	}
	for (; look.at < before.len; look.at++)
		release(&before.known[look.at]);
	free(before.known);
	free(before.state_dir);
	free(before.refused);
	kept = now;
}

int
journals_each_of(const char *state_dir, int64_t inode, const char *name,
    bool (*each)(const char *attempt, void *data), void *data, struct err *err)
{
	look_again(state_dir);
	for (size_t i = 0; i < kept.len; i++) {
		const struct known *k = &kept.known[i];

		if (k->inode != inode && strcmp(k->name, name) != 0)
			continue;
		if (!each(k->attempt, data))
			break;
	}
	return kept.failed.code == 0
	    ? 0
	    : err_set(err, kept.failed.code, "%s", kept.failed.message);
}

const char *
journals_of_refused(void)
{
	return kept.refused != NULL ? kept.refused : "";
}

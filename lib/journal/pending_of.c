#include "journal/pending_of.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "journal/changes.h"
#include "journal/state_dir.h"
#include "journal/health.h"

/* What the first entry of an attempt says. */
struct known {
	char *attempt;
	char *run_dir; /* text; NULL: not read yet */
	int64_t inode;
	bool there; /* when it was looked for last */
};

/* The attempts of one state directory as it was at the last search. An attempt
 * has a number, its place in `known`; that of one that is gone is free. */
struct list {
	char *state_dir;
	struct changes changes;
	struct known *known;
	uint32_t len;
	uint32_t *unread, *vacant;
	size_t unread_len, vacant_len;
	struct multimap attempts;
	struct dir_table directories;
	char *refused;     /* for journals_of_refused(); NULL: nothing */
	struct err failed; /* the first error that may pass */
};

static struct list kept;

static void
push(uint32_t **list, size_t *len, uint32_t number)
{
	*list = xreallocarray(*list, *len + 1, sizeof **list);
	(*list)[(*len)++] = number;
}

static void
refuse(const char *attempt, const struct err *err)
{
	char *before = kept.refused;

	kept.refused = xasprintf(
	    "%s%s: %s\n", before != NULL ? before : "", attempt, err->message);
	free(before);
}

/* UINT32_MAX: there is none. */
static uint32_t
number_of(const char *attempt)
{
	uint32_t at = multimap_find(&kept.attempts, multimap_hash(attempt));

	for (; at != 0; at = multimap_next(&kept.attempts, at)) {
		uint32_t number = multimap_value(&kept.attempts, at);

		if (strcmp(kept.known[number].attempt, attempt) == 0)
			return number;
	}
	return UINT32_MAX;
}

static void
come(const char *attempt)
{
	uint32_t number = number_of(attempt);

	if (number != UINT32_MAX) {
		kept.known[number].there = true;
		return;
	}
	if (kept.vacant_len > 0) {
		number = kept.vacant[--kept.vacant_len];
	} else {
		number = kept.len++;
		kept.known =
		    xreallocarray(kept.known, kept.len, sizeof *kept.known);
	}
	kept.known[number] =
	    (struct known){.attempt = xstrdup(attempt), .there = true};
	multimap_add(&kept.attempts, multimap_hash(attempt), number);
	push(&kept.unread, &kept.unread_len, number);
}

static void
leave(uint32_t number)
{
	struct known *k = &kept.known[number];

	multimap_remove(&kept.attempts, multimap_hash(k->attempt), number);
	if (k->run_dir != NULL)
		dir_table_remove(
		    &kept.directories, number, k->inode, k->run_dir);
	for (size_t i = kept.unread_len; k->run_dir == NULL && i > 0; i--)
		if (kept.unread[i - 1] == number)
			kept.unread[i - 1] = kept.unread[--kept.unread_len];
	free(k->attempt);
	free(k->run_dir);
	*k = (struct known){0};
	push(&kept.vacant, &kept.vacant_len, number);
}

static void
on_change(const char *name, bool came, void *data)
{
	uint32_t number;

	(void)data;
	if (name[0] == '.')
		return;
	if (came)
		come(name);
	else if ((number = number_of(name)) != UINT32_MAX)
		leave(number);
}

static bool
each_listed(const char *attempt, void *data)
{
	(void)data;
	come(attempt);
	return true;
}

static void
list_all(void)
{
	struct err err = ERR_INIT;

	for (uint32_t i = 0; i < kept.len; i++)
		kept.known[i].there = false;
	if (state_each(kept.state_dir, each_listed, NULL, &err) < 0) {
		refuse(kept.state_dir, &err);
		kept.failed = err;
		/* The next time it is listed again. */
		changes_release(&kept.changes);
	}
	for (uint32_t i = 0; i < kept.len; i++)
		if (kept.known[i].attempt != NULL && !kept.known[i].there)
			leave(i);
}

/* An attempt that has no first entry yet is read again the next time. False: so
 * it is. */
static bool
read_first(uint32_t number)
{
	struct known *k = &kept.known[number];
	struct err err = ERR_INIT;
	struct entry start;
	int result = journals_start(kept.state_dir, k->attempt, &start, &err);

	if (result < 0 && result != -ENODATA && result != -ENOENT)
		refuse(k->attempt, &err);
	if (journals_may_be_read_later(result) && kept.failed.code == 0)
		kept.failed = err;
	if (result < 0)
		return false;
	k->run_dir = xstrdup(start.start.run_dir);
	k->inode = start.start.dir_inode;
	dir_table_add(&kept.directories, number, k->inode, k->run_dir);
	entry_release(&start);
	return true;
}

static void
read_unread(void)
{
	size_t left = 0;

	for (size_t i = 0; i < kept.unread_len; i++)
		if (!read_first(kept.unread[i]))
			kept.unread[left++] = kept.unread[i];
	kept.unread_len = left;
}

static void
forget(void)
{
	for (uint32_t i = 0; i < kept.len; i++) {
		free(kept.known[i].attempt);
		free(kept.known[i].run_dir);
	}
	changes_release(&kept.changes);
	multimap_release(&kept.attempts);
	dir_table_release(&kept.directories);
	free(kept.known);
	free(kept.unread);
	free(kept.vacant);
	free(kept.refused);
	free(kept.state_dir);
	kept = (struct list){0};
}

static void
look_again(const char *state_dir)
{
	if (kept.state_dir != NULL && strcmp(kept.state_dir, state_dir) != 0)
		forget();
	if (kept.state_dir == NULL)
		kept.state_dir = xstrdup(state_dir);
	free(kept.refused);
	kept.refused = NULL;
	kept.failed = (struct err)ERR_INIT;
	if (!changes_read(&kept.changes, state_dir, on_change, NULL))
		list_all();
	read_unread();
}

static char *
path_of(uint32_t number, void *data)
{
	(void)data;
	return xstrdup(kept.known[number].run_dir);
}

static int
compare_attempts(const void *a, const void *b)
{
	return strcmp(kept.known[*(const uint32_t *)a].attempt,
	    kept.known[*(const uint32_t *)b].attempt);
}

int
journals_each_of(const char *state_dir, const struct directory_now *now,
    bool (*each)(const char *attempt, void *data), void *data, struct err *err)
{
	size_t len = 0, found;
	uint32_t *numbers;

	look_again(state_dir);
	found = dir_table_find(&kept.directories, now, path_of, NULL, &numbers);
	for (size_t i = 0; i < found; i++)
		if (kept.known[numbers[i]].run_dir != NULL)
			numbers[len++] = numbers[i];
	if (len > 0)
		qsort(numbers, len, sizeof *numbers, compare_attempts);
	for (size_t i = 0; i < len; i++)
		if (!each(kept.known[numbers[i]].attempt, data))
			break;
	free(numbers);
	return kept.failed.code == 0
	    ? 0
	    : err_set(err, kept.failed.code, "%s", kept.failed.message);
}

const char *
journals_of_refused(void)
{
	return kept.refused != NULL ? kept.refused : "";
}

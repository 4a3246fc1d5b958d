/* Removes what is left of a journal that never got a whole line, unless it is young or
 * somebody is at it. */
#include <errno.h>
#include <sys/stat.h>

#include "journal/private.h"
#include "journal/state_dir.h"

/* Takes the locks, so that nobody is about to write, and checks that there is
 * no whole line. */
static int
check_empty(struct journal *j, struct err *err)
{
	int result = journal_lock_of_another(j, err);
	off_t end;

	if (result == 0)
		result = journal_lock_follower(j, 0, err);
	if (result == 0)
		result = journal_find_end(j, &end, err);
	if (result == 0 && end > 0)
		return err_set(err, -EBUSY, "%s: has entries", j->attempt);
	return result;
}

/* 1: the journal may be removed, and nobody else is at it until it is closed; 0: it
 * is young. */
static int
open_empty(struct journal *j, const char *state_dir, struct err *err)
{
	int result = journal_open_files(j, state_dir, 0, err);
	struct stat st;

	/* The folder has no journal: a process was killed while it removed
	 * both. */
	if (result == -ENOENT && j->dir_fd >= 0)
		result = 0;
	else if (result == 0)
		result = check_empty(j, err);
	if (result < 0)
		return result;
	if (fstat(j->dir_fd, &st) < 0)
		return err_errno(err, "%s", j->path);
	return !journal_is_young(&st);
}

int
journal_discard(const char *state_dir, const char *attempt, struct err *err)
{
	struct journal *j = journal_alloc(attempt);
	int result = open_empty(j, state_dir, err);

	if (result > 0)
		result = journal_remove(j, err);
	journal_close(j);
	return result;
}

bool
journal_may_discard(const char *state_dir, const char *attempt)
{
	struct journal *j = journal_alloc(attempt);
	bool may = open_empty(j, state_dir, NULL) > 0 &&
	    state_has_others(j->dir_fd, attempt, NULL) == 0;

	journal_close(j);
	return may;
}

#include "wrap/attempt/followed.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "journal/health.h"
#include "journal/index.h"
#include "journal/pending_of.h"
#include "watcher/watcher.h"

struct search {
	const char *state_dir;
	const struct entry *of; /* the attempt's first entry */
	bool found;
	struct err failed; /* what could not be looked at */
};

static bool
is_later_here(const struct search *s, int64_t started_us, const char *run_dir,
    int64_t inode, int64_t birth_ns)
{
	const struct entry_start *its = &s->of->start;
	const struct watcher_identity identity = {
	    .inode = (uint64_t)its->dir_inode, .birth_ns = its->dir_birth_ns};

	return started_us > s->of->time_us &&
	    (strcmp(run_dir, its->run_dir) == 0 ||
		watcher_identity_proves(&identity, inode, birth_ns));
}

/* An import has its start from the files, so one of the same run is not later. */
static bool
each_delivered(const struct index_entry *e, void *data)
{
	struct search *s = data;

	s->found = is_later_here(
	    s, e->started_us, e->run_dir, e->dir_inode, e->dir_birth_ns);
	return !s->found;
}

static bool
each_pending(const char *attempt, void *data)
{
	struct search *s = data;
	struct err why = ERR_INIT;
	struct entry start;
	int result = journals_start(s->state_dir, attempt, &start, &why);

	journals_note_unread(&s->failed, result, &why);
	if (result < 0)
		return true;
	s->found = start.start.source == SOURCE_LIVE &&
	    is_later_here(s, start.time_us, start.start.run_dir,
		start.start.dir_inode, start.start.dir_birth_ns);
	entry_release(&start);
	return !s->found;
}

int
attempt_is_followed(
    const char *state_dir, const struct entry *start, struct err *err)
{
	struct search s = {.state_dir = state_dir, .of = start};
	const struct directory_now now = {.inode = start->start.dir_inode,
	    .path = start->start.run_dir,
	    .real = start->start.run_dir};
	struct err why = ERR_INIT;
	int result;

	if (state_dir == NULL)
		return 0;
	result = journals_each_of(state_dir, &now, each_pending, &s, &why);
	journals_note_unread(&s.failed, result, &why);
	if (!s.found) {
		result =
		    index_each_of(state_dir, &now, each_delivered, &s, &why);
		journals_note_unread(&s.failed, result, &why);
	}
	if (s.found)
		return 1;
	return s.failed.code == 0
	    ? 0
	    : err_set(err, s.failed.code, "%s", s.failed.message);
}

int
attempt_has_its_directory(
    const struct entry *start, const char *run_dir, struct err *err)
{
	struct watcher_identity now;
	int result = watcher_identify(run_dir, &now, err);

	if (result < 0)
		return result;
	return watcher_identity_fits(
	    &now, start->start.dir_inode, start->start.dir_birth_ns);
}

/* Open runs: one process after the other continues them, and waits for
 * the one before it. Each tracker of the run has a journal of its own,
 * with the run's name in its first entry. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "itrack/handle.h"
#include "itrack/find_worker.h"
#include "journal/state_dir.h"

/* How long the previous process may hold a journal. */
#define TURN_WAIT_MS 30000
/* How many trackers a run may have: several times the number of kinds. */
#define MEMBERS_MAX 16

struct search {
	const char *name;
	const struct itrack_option *options;
	size_t option_count;
	const char *state_dir;
	char *attempts[MEMBERS_MAX];
	size_t len;
	struct err refused; /* why a journal could not be looked at */
};

/* Reads the first entry. 1: the journal belongs to this run; 0: it does not; a
 * negative errno: that can't be told. */
static int
read_start(struct journal_reader *r, const char *state_dir, const char *attempt,
    const char *name, struct entry *start, struct err *err)
{
	int result = journal_reader_open(r, state_dir, attempt, err);

	if (result < 0)
		return result == -ENOENT ? 0 : result;
	result = journal_read(r, start, err);
	if (result == 1) {
		if (start->kind == ENTRY_START && start->start.open != NULL &&
		    strcmp(start->start.open, name) == 0)
			return 1;
		entry_release(start);
		result = 0;
	}
	journal_reader_release(r);
	return result;
}

static bool
look_at(const char *attempt, void *data)
{
	struct search *s = data;
	struct err err = ERR_INIT;
	struct journal_reader r;
	struct entry start;
	int result =
	    read_start(&r, s->state_dir, attempt, s->name, &start, &err);

	if (result == 1) {
		s->attempts[s->len++] = xstrdup(attempt);
		entry_release(&start);
		journal_reader_release(&r);
	} else if (result < 0) {
		err_prefix(&err, "%s", attempt);
		s->refused = err;
	}
	return s->len < MEMBERS_MAX;
}

/* Lists every journal of the run, in the order in which they were begun. */
static int
find_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	struct search *s = *(struct search *const *)arguments;
	int result =
	    settings_common(&t->settings, s->options, s->option_count, err);

	if (result < 0)
		return result;
	s->state_dir = t->settings.state_dir;
	if (s->state_dir == NULL)
		return settings_no_state_dir(err);
	result = state_each(s->state_dir, look_at, s, err);
	s->state_dir = NULL;
	if (result < 0 || s->len > 0)
		return result;
	if (s->refused.code < 0)
		return err_set(err, -ENOENT,
		    "no open run of this name: %.64s; not looked at: %.512s",
		    s->name, s->refused.message);
	return err_set(
	    err, -ENOENT, "no open run of this name: %.64s", s->name);
}

struct take {
	const struct search *search;
	const char *attempt;
};

/* Continues the journal, whose run becomes the active one. */
static int
take_journal(struct itrack_tracker *t, const struct take *take, char *run_id,
    struct err *err)
{
	struct run *run = xcalloc(1, sizeof *run);
	int64_t last_step;
	int result = journal_continue(t->settings.state_dir, take->attempt,
	    TURN_WAIT_MS, &run->journal, &last_step, err);

	run->link = -1;
	run->open = true;
	run->state_dir = xstrdup(t->settings.state_dir);
	run->id = run_id;
	if (result < 0) {
		run_free(run);
		return result;
	}
	run->next_step = last_step < INT64_MAX ? last_step + 1 : last_step;
	t->run = run;
	t->run_id = xstrdup(run_id);
	t->open_name = xstrdup(take->search->name);
	return 0;
}

static int
take_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const struct take *take = arguments;
	const struct search *s = take->search;
	struct journal_reader r;
	struct entry start, id;
	int result =
	    settings_common(&t->settings, s->options, s->option_count, err);

	if (result == 0)
		result = worker_find(&t->worker, err);
	if (result == 0 && t->settings.state_dir == NULL)
		result = settings_no_state_dir(err);
	if (result < 0)
		return result;
	result = read_start(
	    &r, t->settings.state_dir, take->attempt, s->name, &start, err);
	if (result == 0)
		return err_set(
		    err, -ENOENT, "%s: gone meanwhile", take->attempt);
	if (result < 0)
		return result;
	result = settings_recall(&t->settings, &start.start, err);
	if (result == 0 && journal_read(&r, &id, NULL) != 1)
		result = err_set(err, -EBADMSG, "%s: torn", take->attempt);
	else if (result == 0) {
		if (id.kind == ENTRY_RUN_ID)
			result = take_journal(t, take, xstrdup(id.run_id), err);
		else
			result = err_set(
			    err, -EBADMSG, "%s: no run ID", take->attempt);
		entry_release(&id);
	}
	entry_release(&start);
	journal_reader_release(&r);
	return result;
}

/* Makes one handle of all journals of the run. */
static int
take_all(const struct search *s, struct itrack_tracker **tracker,
    struct itrack_error *err)
{
	struct itrack_tracker *members[MEMBERS_MAX];
	size_t len = 0;
	int result = 0;

	for (size_t i = 0; result == 0 && i < s->len; i++) {
		struct take take = {s, s->attempts[i]};
		struct itrack_tracker *t = handle_new();

		result = t == NULL
		    ? handle_refuse(err, -ENOMEM, "out of memory")
		    : handle_call(t, HANDLE_CONTROL, take_body, &take, err);
		members[len++] = t;
		/* Only some have ended: a process died while it ended them one
		 * by one. */
		if (result == -EALREADY) {
			itrack_free(members[--len]);
			result = 0;
		}
	}
	if (result == 0 && len == 0)
		result = handle_refuse(
		    err, -EALREADY, "the run %.64s has ended", s->name);
	if (result == 0 && len == 1)
		*tracker = members[0];
	else if (result == 0)
		result = itrack_multi(tracker, members, len, err);
	while (result < 0 && len > 0)
		itrack_free(members[--len]);
	return result;
}

int
itrack_continue_run(struct itrack_tracker **tracker, const char *name,
    const struct itrack_option *options, size_t option_count,
    struct itrack_error *err)
{
	struct search s = {
	    .name = name, .options = options, .option_count = option_count};
	const struct search *given = &s;
	struct itrack_tracker *t;
	int result;

	if (tracker == NULL || name == NULL || name[0] == '\0' ||
	    (options == NULL && option_count > 0))
		return handle_refuse(
		    err, -EINVAL, "tracker, name or options is NULL");
	t = handle_new();
	if (t == NULL)
		return handle_refuse(err, -ENOMEM, "out of memory");
	result = handle_call(t, HANDLE_CONTROL, find_body, &given, err);
	itrack_free(t);
	if (result == 0)
		result = take_all(&s, tracker, err);
	for (size_t i = 0; i < s.len; i++)
		free(s.attempts[i]);
	return result;
}

const char *
itrack_open_name(const struct itrack_tracker *t)
{
	if (t == NULL)
		return NULL;
	return t->member_count > 0 ? itrack_open_name(t->members[0])
				   : t->open_name;
}

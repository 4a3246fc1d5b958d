/* Puts attempts away for which nothing is left to wait for: one that was delivered
 * everywhere becomes a line of the index (delivered.h), and of another the journal is
 * safe on the disk. */
#include <stdlib.h>
#include <unistd.h>

#include "base/die.h"
#include "wrap/attempt/delivered.h"
#include "wrap/attempt/private.h"

static struct delivered
delivered_of(const struct attempt *a)
{
	return (struct delivered){
	    .state_dir = a->config.state_dir,
	    .journal = a->journal,
	    .deliveries = a->deliveries,
	    .len = a->delivery_count,
	    .target_len = a->start.start.target_len,
	    .taken_up = a->start.start.pid != getpid(),
	};
}

static bool
is_delivered(const struct attempt *a)
{
	const struct delivered d = delivered_of(a);

	return a->end >= END_ADOPTED && delivered_everywhere(&d);
}

static bool
has_rejects(const struct attempt *a)
{
	struct delivery_status status;

	for (size_t i = 0; i < a->delivery_count; i++) {
		delivery_status(a->deliveries[i], &status);
		if (status.rejected > 0)
			return true;
	}
	return false;
}

bool
attempt_is_complete(const struct attempt *a)
{
	if (a->unsettled)
		return false;
	if (a->config.record_only)
		return a->end >= END_ADOPTED &&
		    !journal_in_memory(a->journal) &&
		    !journal_is_cut(a->journal);
	return is_delivered(a) && !has_rejects(a);
}

static struct delivered_run
run_of(const struct attempt *a)
{
	struct delivered_run run = {.d = delivered_of(a)};

	attempt_past_line(a, &run.line);
	return run;
}

/* Adds the line of the index, for which there may be room by now. The attempt's
 * folder goes, because it has nothing to go on with. */
static void
put_away_memory(struct attempt *a)
{
	struct delivered_run run;

	if (is_delivered(a)) {
		run = run_of(a);
		delivered_to_index_all(&run, 1);
		if (run.result < 0) {
			err_prefix(&run.err,
			    "nothing remembers that it was delivered, and "
			    "an import would deliver it again");
			attempt_say(a, &run.err);
		}
	}
	journal_remove(a->journal, NULL);
}

/* Whoever wrote the line of the index was stopped before the journal was gone, and
 * what a loss of power has left of that may be torn. */
int
attempt_discard_delivered(struct attempt *a, struct err *err)
{
	const char *name = journal_attempt(a->journal);
	int has = index_has(a->config.state_dir, name, err);

	if (has <= 0)
		return has;
	has = journal_remove(a->journal, err);
	return has < 0 ? has
		       : err_set(err, -ENOENT, "%s: delivered already", name);
}

static void
settle(struct attempt *a, int result, const struct err *err)
{
	a->unsettled = result < 0;
	if (result < 0)
		attempt_say(a, err);
}

void
attempts_put_away(struct attempt *const *list, size_t len)
{
	struct delivered_run *runs = xcalloc(len, sizeof *runs);
	struct attempt **ready = xcalloc(len, sizeof(*ready));
	size_t count = 0;

	for (size_t i = 0; i < len; i++) {
		struct err err = ERR_INIT;

		if (journal_in_memory(list[i]->journal)) {
			put_away_memory(list[i]);
			settle(list[i], 0, NULL);
		} else if (is_delivered(list[i])) {
			runs[count] = run_of(list[i]);
			ready[count++] = list[i];
		} else {
			settle(list[i], journal_sync(list[i]->journal, &err),
			    &err);
		}
	}
	delivered_to_index_all(runs, count);
	for (size_t i = 0; i < count; i++)
		settle(ready[i], runs[i].result, &runs[i].err);
	free(ready);
	free(runs);
}

/* Puts an attempt away when nothing is left to wait for: its journal goes if all was
 * delivered, and is safe on the disk if not. */
#include <unistd.h>

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

	return a->ended && !a->left && delivered_everywhere(&d);
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
		return a->ended && !a->left && !journal_in_memory(a->journal) &&
		    !journal_is_cut(a->journal);
	return is_delivered(a) && !has_rejects(a);
}

static int
put_away(const struct attempt *a, struct err *err)
{
	const struct delivered d = delivered_of(a);
	struct index_entry line;

	attempt_past_line(a, &line);
	return delivered_put_away(&d, &line, err);
}

/* Adds the line of the index, for which there may be room by now. The attempt's
 * folder goes, because it has nothing to go on with. */
static void
put_away_memory(struct attempt *a)
{
	struct err err = ERR_INIT;

	if (is_delivered(a) && put_away(a, &err) < 0) {
		err_prefix(&err,
		    "nothing remembers that it was delivered, and "
		    "an import would deliver it again");
		attempt_say(a, &err);
	}
	journal_remove(a->journal, NULL);
}

void
attempt_put_away(struct attempt *a)
{
	struct err err = ERR_INIT;
	int result = 0;

	if (journal_in_memory(a->journal))
		put_away_memory(a);
	else if (is_delivered(a))
		result = put_away(a, &err);
	else
		result = journal_sync(a->journal, &err);
	a->unsettled = result < 0;
	if (result < 0)
		attempt_say(a, &err);
}

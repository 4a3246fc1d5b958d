/* Attempts that end at once are written down together: what each journal needs on
 * the disk before its trackers begin costs one sync for all of them. */
#include <stdlib.h>

#include "base/die.h"
#include "wrap/attempt/private.h"

bool
attempt_is_local(const struct attempt *a)
{
	for (size_t i = 0; i < a->delivery_count; i++)
		if (delivery_is_remote(a->deliveries[i]))
			return false;
	return true;
}

void
attempt_gather(struct attempt *a)
{
	a->hold = HOLD_ALL;
	journal_gather(a->journal);
	for (size_t i = 0; i < a->delivery_count; i++)
		delivery_gather(a->deliveries[i]);
}

static void
prepare(struct attempt *const *list, size_t len)
{
	struct delivery **deliveries;
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += list[i]->delivery_count;
	deliveries = xcalloc(count, sizeof(*deliveries));
	count = 0;
	for (size_t i = 0; i < len; i++)
		for (size_t k = 0; k < list[i]->delivery_count; k++)
			deliveries[count++] = list[i]->deliveries[k];
	deliveries_prepare(deliveries, count);
	free(deliveries);
}

void
attempts_let_go(struct attempt *const *list, size_t len)
{
	struct journal **journals = xcalloc(len, sizeof(*journals));

	for (size_t i = 0; i < len; i++)
		journals[i] = list[i]->journal;
	journals_sync(journals, len);
	free(journals);
	prepare(list, len);
	for (size_t i = 0; i < len; i++) {
		list[i]->hold = HOLD_DELIVERIES;
		attempt_turn(list[i]);
		attempt_let_go(list[i]);
	}
}

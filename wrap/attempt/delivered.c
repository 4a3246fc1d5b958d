#include "wrap/attempt/delivered.h"

#include "base/die.h"

bool
delivered_everywhere(const struct delivered *d)
{
	struct delivery_status status;

	for (size_t i = 0; i < d->len; i++) {
		delivery_status(d->deliveries[i], &status);
		if (status.state != DELIVERY_FINISHED)
			return false;
	}
	return d->len == d->target_len;
}

static int
add_line(const struct delivered *d, struct index_entry *line, struct err *err)
{
	const char *attempt = journal_attempt(d->journal);
	struct delivery_status status;
	int has = 0;

	if (d->state_dir == NULL)
		return err_set(err, -ENOENT, "no state directory");
	if (d->taken_up)
		has = index_has(d->state_dir, attempt, err);
	if (has != 0)
		return has < 0 ? has : 0;
	line->attempt = xstrdup(attempt);
	for (size_t i = 0; i < d->len; i++) {
		delivery_status(d->deliveries[i], &status);
		line->rejected += status.rejected;
		index_entry_add_place(
		    line, status.tracker, status.place, status.destination);
	}
	return index_append(d->state_dir, line, err);
}

int
delivered_put_away(
    const struct delivered *d, struct index_entry *line, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < d->len && result == 0; i++)
		result = delivery_make_durable(d->deliveries[i], err);
	if (result == 0)
		result = add_line(d, line, err);
	index_entry_release(line);
	return result == 0 ? journal_remove(d->journal, err) : result;
}

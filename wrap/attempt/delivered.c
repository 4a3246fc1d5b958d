#include "wrap/attempt/delivered.h"

#include <errno.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/durable.h"

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

/* What the line says of where the run went. */
static int
fill_line(struct delivered_run *r, struct err *err)
{
	const struct delivered *d = &r->d;
	const char *attempt = journal_attempt(d->journal);
	struct delivery_status status;
	int has = 0;

	if (d->state_dir == NULL)
		return err_set(err, -ENOENT, "no state directory");
	if (d->taken_up)
		has = index_has(d->state_dir, attempt, err);
	r->has_line = has > 0;
	if (has != 0)
		return has < 0 ? has : 0;
	r->line.attempt = xstrdup(attempt);
	for (size_t i = 0; i < d->len; i++) {
		delivery_status(d->deliveries[i], &status);
		r->line.rejected += status.rejected;
		index_entry_add_place(
		    &r->line, status.tracker, status.place, status.destination);
	}
	return 0;
}

/* All at once; if that fails, each for itself, because the fault may be one
 * line's. Who can't have the lock can't have it for one of them either. */
static void
add_lines(struct delivered_run *runs, size_t len)
{
	const struct index_entry **list = xcalloc(len, sizeof *list);
	const char *state_dir = NULL;
	struct err err = ERR_INIT;
	size_t count = 0;
	int result = 0;

	for (size_t i = 0; i < len; i++) {
		if (runs[i].result < 0 || runs[i].has_line)
			continue;
		state_dir = runs[i].d.state_dir;
		list[count++] = &runs[i].line;
	}
	if (count > 0)
		result = index_append_all(state_dir, list, count, &err);
	for (size_t i = 0; i < len && result < 0; i++) {
		if (runs[i].result < 0 || runs[i].has_line)
			continue;
		runs[i].err = err;
		runs[i].result = result;
		if (result != -EBUSY)
			runs[i].result = index_append(
			    state_dir, &runs[i].line, &runs[i].err);
	}
	free(list);
}

static int
make_durable(struct delivered_run *r)
{
	int result = 0;

	for (size_t i = 0; i < r->d.len && result == 0; i++)
		result = delivery_make_durable(r->d.deliveries[i], &r->err);
	return result;
}

void
delivered_to_index_all(struct delivered_run *runs, size_t len)
{
	durable_round_begin();
	for (size_t i = 0; i < len; i++)
		runs[i].result = make_durable(&runs[i]);
	durable_round_end();
	for (size_t i = 0; i < len; i++)
		if (runs[i].result == 0)
			runs[i].result = fill_line(&runs[i], &runs[i].err);
	add_lines(runs, len);
	for (size_t i = 0; i < len; i++) {
		index_entry_release(&runs[i].line);
		if (runs[i].result == 0)
			runs[i].result =
			    journal_remove(runs[i].d.journal, &runs[i].err);
	}
}

int
delivered_to_index(
    const struct delivered *d, struct index_entry *line, struct err *err)
{
	struct delivered_run run = {.d = *d, .line = *line};

	delivered_to_index_all(&run, 1);
	*line = (struct index_entry){0};
	if (run.result < 0)
		*err = run.err;
	return run.result;
}

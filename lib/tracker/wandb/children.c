#include "tracker/wandb/children.h"

#include <stdlib.h>

#include "base/die.h"

static struct wandb_child *
find(const struct wandb_children *c, int64_t experiment)
{
	for (size_t i = 0; i < c->len; i++)
		if (c->list[i]->run.experiment == experiment)
			return c->list[i];
	return NULL;
}

struct wandb_child *
wandb_children_of(struct wandb_children *c, const struct wandb_run *run,
    const struct entry *e,
    void (*on_row)(const struct wandb_rows *rows, void *data), bool *new)
{
	int64_t experiment = entry_experiment_index(e);
	struct wandb_child *child;

	*new = false;
	if (!tracker_has_own_run(run->tracker, experiment))
		return NULL;
	child = find(c, experiment);
	if (child != NULL)
		return child;
	child = xcalloc(1, sizeof *child);
	wandb_run_init_child(&child->run, run, experiment, on_row, child);
	c->list = xreallocarray(c->list, c->len + 1, sizeof(*c->list));
	c->list[c->len++] = child;
	*new = true;
	return child;
}

void
wandb_children_turn(struct wandb_children *c, struct wandb_child *child)
{
	if (c->turn != NULL && c->turn != child)
		wandb_rows_close(&c->turn->run.rows);
	c->turn = child;
}

void
wandb_children_release(struct wandb_children *c)
{
	for (size_t i = 0; i < c->len; i++) {
		wandb_server_run_release(&c->list[i]->live);
		wandb_offline_close(&c->list[i]->offline);
		wandb_run_release(&c->list[i]->run);
		free(c->list[i]);
	}
	free(c->list);
	*c = (struct wandb_children){0};
}

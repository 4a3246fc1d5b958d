/* The table of trackers: adding one is adding its line. */
#include <string.h>

#include "tracker/tracker.h"

extern const struct tracker_ops tracker_local;
extern const struct tracker_ops tracker_tensorboard;
extern const struct tracker_ops tracker_mlflow;
extern const struct tracker_ops tracker_wandb;
extern const struct tracker_ops tracker_null;

static const struct tracker_ops *const table[] = {
    &tracker_local,
    &tracker_tensorboard,
    &tracker_mlflow,
    &tracker_wandb,
    &tracker_null,
    NULL,
};

const struct tracker_ops *
tracker_at(size_t i)
{
	return table[i];
}

const struct tracker_ops *
tracker_find(const char *name)
{
	for (size_t i = 0; table[i] != NULL; i++)
		if (strcmp(table[i]->name, name) == 0)
			return table[i];
	return NULL;
}

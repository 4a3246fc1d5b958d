/* The operations of the trackers that lib/tracker/list.h names. */
#include <string.h>

#include "tracker/tracker.h"

static const struct tracker_ops *const table[] = {
#define TRACKER(name) &tracker_##name,
#include "tracker/list.h"
#undef TRACKER
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
		if (strcmp(table[i]->about->name, name) == 0)
			return table[i];
	return NULL;
}

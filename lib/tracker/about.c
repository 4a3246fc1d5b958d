#include "tracker/about.h"

#include <string.h>

static const struct tracker_about *const table[] = {
#define TRACKER(name) &tracker_about_##name,
#include "tracker/list.h"
#undef TRACKER
    NULL,
};

const struct tracker_about *
tracker_about_at(size_t i)
{
	return table[i];
}

const struct tracker_about *
tracker_about_find(const char *name)
{
	for (size_t i = 0; table[i] != NULL; i++)
		if (strcmp(table[i]->name, name) == 0)
			return table[i];
	return NULL;
}

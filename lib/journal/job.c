/* The job that an attempt is a part of: its variables of the environment, and the
 * group in which its attempts stand together. */
#include <string.h>

#include "base/die.h"
#include "base/environment.h"
#include "base/scheduler.h"
#include "format/text.h"
#include "journal/entry.h"

/* All jobs of an array have this one. */
#define ARRAY_JOB "SLURM_ARRAY_JOB_ID"

void
entry_start_take_where(struct entry_start *start)
{
	const char *name, *value;

	for (size_t i = 0; (name = scheduler_variable(i)) != NULL; i++) {
		value = environment_value(name);
		if (value == NULL)
			continue;
		start->where = xreallocarray(
		    start->where, start->where_len + 1, sizeof *start->where);
		start->where[start->where_len++] =
		    (struct pair){xstrdup(name), text_path_text(value)};
	}
}

const char *
entry_start_group(const struct entry_start *start)
{
	if (start->group != NULL)
		return start->group;
	for (size_t i = 0; i < start->where_len; i++)
		if (strcmp(start->where[i].name, ARRAY_JOB) == 0)
			return start->where[i].text;
	return NULL;
}

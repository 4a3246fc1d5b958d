#include "tracker/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/path.h"
#include "format/text.h"
#include "tracker/tracker.h"

const char *
plan_option(const struct plan *plan, const char *name)
{
	const struct target *target = plan->target;

	for (size_t i = 0; i < target->option_len; i++)
		if (strcmp(target->options[i].name, name) == 0)
			return target->options[i].text;
	return NULL;
}

char *
plan_destination(const struct plan *plan)
{
	const struct tracker_ops *ops = tracker_find(plan->target->tracker);

	return ops != NULL ? ops->destination(plan) : NULL;
}

/* The directory that was named, else the one beside the run directory, bytes;
 * NULL: neither. */
static char *
root_of(const struct plan *plan, const struct tracker_about *about)
{
	const char *given = plan_option(plan, about->root);
	char *real, *parent, *root;

	if (given != NULL)
		return text_path_bytes(given);
	if (plan->run_dir == NULL)
		return NULL;
	real = path_real(plan->run_dir);
	parent = path_parent(real);
	free(real);
	root = path_join(parent, about->beside);
	free(parent);
	return root;
}

char *
plan_root_destination(const struct plan *plan)
{
	const struct tracker_about *about =
	    tracker_about_find(plan->target->tracker);
	char *root = root_of(plan, about);
	char *project = path_encode(plan->project);
	char *real = root != NULL ? path_real(root) : xstrdup("");
	char *path = path_join(real, project);
	char *text = text_path_text(path);

	free(path);
	free(real);
	free(project);
	free(root);
	return text;
}

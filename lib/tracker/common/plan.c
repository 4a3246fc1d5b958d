/* The destination of a run, one canonical text by which "already tracked
 * there" is decided, for trackers that write files. */
#include "tracker/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/path.h"
#include "format/text.h"
#include "tracker/common/place.h"
#include "tracker/tracker.h"

const char *
plan_option(const struct plan *plan, const char *name)
{
	return target_option(plan->target, name);
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
	char *real = plan->run_dir != NULL ? path_real(plan->run_dir) : NULL;
	char *root = place_root_of(about, plan_option(plan, about->root), real);

	free(real);
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

/* The destination of a run, one canonical text by which "already tracked
 * there" is decided, for trackers that write files. */
#include "tracker/plan.h"

#include <errno.h>
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
plan_destination(const struct plan *plan, struct err *err)
{
	const struct tracker_ops *ops = tracker_find(plan->target->tracker);

	if (ops != NULL)
		return ops->destination(plan, err);
	err_set(err, -EINVAL, "no tracker named %s in this build",
	    plan->target->tracker);
	return NULL;
}

/* *root: the directory that was named, else the one beside the run directory,
 * bytes; NULL: neither. */
static int
find_root(const struct plan *plan, const struct tracker_about *about,
    char **root, struct err *err)
{
	const char *given = plan_option(plan, about->root);
	char *real = NULL;

	*root = NULL;
	if (given == NULL && plan->run_dir != NULL) {
		real = path_real(plan->run_dir, err);
		if (real == NULL)
			return -1;
	}
	*root = place_root_of(about, given, real);
	free(real);
	return 0;
}

char *
plan_root_destination(const struct plan *plan, struct err *err)
{
	const struct tracker_about *about =
	    tracker_about_find(plan->target->tracker);
	char *root, *real, *project, *path, *text;

	if (find_root(plan, about, &root, err) < 0)
		return NULL;
	real = root != NULL ? path_real(root, err) : xstrdup("");
	free(root);
	if (real == NULL)
		return NULL;
	project = path_encode(plan->project);
	path = path_join(real, project);
	text = text_path_text(path);
	free(path);
	free(project);
	free(real);
	return text;
}

#include "wrap/attempt/retarget.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/text.h"
#include "tracker/plan.h"
#include "wrap/attempt/start.h"

/* Stands in the cursor's state before the option's name. */
#define MOVED "moved."

static void
put(struct target *t, const char *name, const char *text)
{
	for (size_t i = 0; i < t->option_len; i++)
		if (strcmp(t->options[i].name, name) == 0) {
			free(t->options[i].text);
			t->options[i].text = xstrdup(text);
			return;
		}
	t->options =
	    xreallocarray(t->options, t->option_len + 1, sizeof *t->options);
	t->options[t->option_len++] =
	    (struct pair){.name = xstrdup(name), .text = xstrdup(text)};
}

/* Without the option the run has a place, too: beside its run directory. */
static bool
has_default(const struct option_row *row)
{
	const char *root = tracker_about_find(row->tracker)->root;

	return root != NULL && strcmp(root, row->name) == 0;
}

/* Takes one option that is given now. Returns 1 if the destination has
 * changed. */
static int
take(struct target *t, struct cursor *c, const struct options *options,
    const struct option_row *row, struct err *err)
{
	const char *was = target_option(t, row->name);
	bool command_line = options->source[row->id] == FROM_COMMAND_LINE;
	char *plain = attempt_option_text(row, options->value[row->id], false);
	char *full = attempt_option_text(row, options->value[row->id], true);
	char *key = xasprintf(MOVED "%s", row->name);
	bool same = was != NULL && strcmp(was, plain) == 0;
	int result = 0;

	if ((was != NULL || has_default(row)) && !same && !command_line)
		goto out;
	if (!same && row->own->destination && c->opened) {
		if (command_line)
			result = err_set(err, -EEXIST,
			    "the run is at %s already: --%s can't move it",
			    was != NULL            ? was
				: c->place != NULL ? c->place
						   : "its first place",
			    row->name);
		goto out;
	}
	if (!same && row->own->destination) {
		cursor_set(c, key, plain);
		result = 1;
	}
	put(t, row->name, full);
out:
	free(key);
	free(full);
	free(plain);
	return result;
}

/* Sets the destination to which the options lead now. */
static int
name_destination(struct cursor *c, const struct target *t,
    const struct entry_start *start, struct err *err)
{
	char *run_dir =
	    start->run_dir != NULL ? text_path_bytes(start->run_dir) : NULL;
	const struct plan plan = {
	    .target = t,
	    .project = start->project,
	    .experiment = start->experiment_name,
	    .run_dir = run_dir,
	    .cwd = start->cwd,
	};
	char *destination = plan_destination(&plan, err);

	free(run_dir);
	if (destination == NULL)
		return -EAGAIN;
	cursor_set(c, CURSOR_DESTINATION, destination);
	free(destination);
	return 0;
}

int
attempt_retarget(struct target **target, const struct journal *j,
    const struct entry_start *start, size_t at, const struct options *options,
    struct err *err)
{
	const struct target *recorded = &start->targets[at];
	struct target *t = xcalloc(1, sizeof *t);
	struct cursor c = {0};
	bool moved = false;
	int result;

	target_copy(t, recorded);
	/* The engine reports a damaged cursor. One that can't be read may say
	 * that the run goes elsewhere. */
	result = cursor_load(j, t->tracker, &c, err);
	result = result < 0 ? result : 0;
	for (size_t i = 0; i < c.state_len; i++)
		if (strncmp(c.state[i].name, MOVED, strlen(MOVED)) == 0)
			put(t, c.state[i].name + strlen(MOVED),
			    c.state[i].text);
	for (int id = 0; id < options_count() && result == 0; id++) {
		const struct option_row *row = options_at(id);

		if (row->tracker == NULL || options->value[id] == NULL ||
		    strcmp(row->tracker, t->tracker) != 0)
			continue;
		result = take(t, &c, options, row, err);
		moved = moved || result > 0;
		result = result < 0 ? result : 0;
	}
	if (result == 0 && moved) {
		result = name_destination(&c, t, start, err);
		if (result == 0)
			result = cursor_save(j, t->tracker, &c, err);
	}
	cursor_release(&c);
	if (result < 0)
		attempt_free_targets(t, 1);
	else
		*target = t;
	return result < 0 ? result : 0;
}

#include "wrap/worker/refusal.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/path.h"
#include "format/text.h"
#include "mapping/names.h"
#include "watcher/watcher.h"
#include "wrap/worker/search/guess.h"
#include "wrap/worker/writer.h"

void
refusals_add(struct refusals *r, const char *dir)
{
	for (size_t i = 0; i < r->len; i++)
		if (strcmp(r->dirs[i], dir) == 0)
			return;
	if (r->len < REFUSALS_MAX)
		r->dirs[r->len++] = xstrdup(dir);
}

void
refusals_add_root(struct refusals *r, const char *root)
{
	if (r->root == NULL)
		r->root = xstrdup(root);
}

void
refusals_look(struct refusals *r, pid_t pid)
{
	struct rundir_guess guess;

	if (r->looks++ >= REFUSALS_LOOKS_MAX)
		return;
	writer_guess(&guess, pid);
	if (guess.dir != NULL)
		refusals_add(r, guess.dir);
	if (guess.root != NULL)
		refusals_add_root(r, guess.root);
	rundir_guess_release(&guess);
}

static bool
has_something(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *d;
	bool any = false;

	while (!any && dir != NULL && (d = readdir(dir)) != NULL)
		any =
		    strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
	if (dir != NULL)
		closedir(dir);
	return any;
}

/* *is_run: insideLLMs takes it for a run, which --overwrite removes. */
static bool
is_refused(const char *dir, int64_t launch_ns, bool *is_run)
{
	static const char *const names[] = {
	    RECORDS_FILE, CONFIG_FILE, MANIFEST_FILE, MARKER_FILE};

	*is_run = false;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct watcher_stamp stamp = watcher_stamp(dir, names[i]);

		if (stamp.code < 0 ||
		    (stamp.there && stamp.ctime_ns >= launch_ns))
			return false;
		*is_run = *is_run || stamp.there;
	}
	return has_something(dir);
}

/* Has it a directory that insideLLMs would take for a run? */
static bool
has_runs(const char *root)
{
	DIR *dir = opendir(root);
	const struct dirent *d;
	bool any = false, is_run;

	while (!any && dir != NULL && (d = readdir(dir)) != NULL) {
		char *path = path_join(root, d->d_name);

		any = d->d_name[0] != '.' &&
		    is_refused(path, INT64_MAX, &is_run) && is_run;
		free(path);
	}
	if (dir != NULL)
		closedir(dir);
	return any;
}

static char *
reason_of_root(const struct refusals *r)
{
	char *text, *reason;

	if (r->root == NULL || !has_runs(r->root))
		return NULL;
	text = text_path_text(r->root);
	reason = xasprintf("the command failed before it wrote a run; if "
			   "insideLLMs has refused a directory in %s that was "
			   "there before (the same configuration has the same "
			   "run ID), give it --overwrite, or a --run-dir of "
			   "its own",
	    text);
	free(text);
	return reason;
}

char *
refusals_reason(const struct refusals *r, int64_t launch_ns, bool failed)
{
	char *text, *word, *reason = NULL;
	bool is_run;

	for (size_t i = 0; reason == NULL && i < r->len; i++) {
		if (!is_refused(r->dirs[i], launch_ns, &is_run))
			continue;
		text = text_path_text(r->dirs[i]);
		word = text_shell_word(text);
		reason = is_run
		    ? xasprintf("%s was there before and nothing was written "
				"to it: insideLLMs refuses such a directory; "
				"give it --overwrite, or another --run-dir; "
				"what is there can be tracked by: itrack "
				"import %s",
			  text, word)
		    : xasprintf("%s has files already and nothing was written "
				"to it: insideLLMs refuses such a directory; "
				"give it another --run-dir",
			  text);
		free(word);
		free(text);
	}
	return reason == NULL && failed ? reason_of_root(r) : reason;
}

void
refusals_release(struct refusals *r)
{
	for (size_t i = 0; i < r->len; i++)
		free(r->dirs[i]);
	free(r->root);
	*r = (struct refusals){0};
}

/* Decides what a message of the shim tells: a run, a file of one, that an
 * itrack-wrap inside tracks, or that a program falls silent. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "mapping/names.h"
#include "wrap/worker/reach.h"
#include "wrap/worker/worker.h"

/* What the manifest and the configuration are called until they are whole:
 * insideLLMs' own way, which no copy has. */
#define MANIFEST_TEMP ".manifest.json.tmp"
#define CONFIG_TEMP   ".config.resolved.yaml.tmp"

/* Every new run opens the marker, and every run the configuration, once, and
 * the records. The manifest is the last chance, if these messages were lost. */
static bool
tells_of_run(enum message_op op, const char *base)
{
	switch (op) {
	case MESSAGE_MARKING:
		return true;
	case MESSAGE_OPEN:
		return strcmp(base, MARKER_FILE) == 0 ||
		    strcmp(base, CONFIG_TEMP) == 0 ||
		    strcmp(base, CONFIG_FILE) == 0 ||
		    strcmp(base, RECORDS_FILE) == 0 ||
		    strcmp(base, MANIFEST_TEMP) == 0 ||
		    strcmp(base, MANIFEST_FILE) == 0;
	case MESSAGE_RENAME:
		return strcmp(base, MANIFEST_FILE) == 0;
	default:
		return false;
	}
}

/* Is it a file of a run that may be written to an old directory as well? */
static bool
is_aside(const char *base)
{
	return strcmp(base, SUMMARY_FILE) == 0 ||
	    strcmp(base, REPORT_FILE) == 0 || strcmp(base, EXPLAIN_FILE) == 0 ||
	    strcmp(base, CONFIG_FILE) == 0;
}

static enum run_sign
sign_of(enum message_op op, const char *base)
{
	if (op != MESSAGE_OPEN)
		return RUN_NO_SIGN;
	if (strcmp(base, CONFIG_TEMP) == 0)
		return RUN_CONFIG_TEMP;
	if (strcmp(base, MARKER_FILE) == 0)
		return RUN_MARKER;
	return strcmp(base, CONFIG_FILE) == 0 ? RUN_CONFIG : RUN_NO_SIGN;
}

/* Returns 0 if our own path leads there, or a negative errno if that can't be
 * told. */
static int
dir_fd_of(const struct message *message, const struct reach *reach)
{
	return message->dir_fd > 0 ? message->dir_fd : reach->fd;
}

static void
consider(
    struct worker *w, const struct message *message, const struct reach *reach)
{
	const char *base = path_base(message->path);
	struct run_news news = {
	    .dir = reach->dir,
	    .writer = message->sender,
	    .sign = sign_of(message->op, base),
	    .genuine = strcmp(base, CONFIG_TEMP) == 0 ||
		strcmp(base, MANIFEST_TEMP) == 0,
	    .in_place = strcmp(base, CONFIG_FILE) == 0 ||
		strcmp(base, MANIFEST_FILE) == 0,
	    .aside = !tells_of_run(message->op, base),
	    .name = base,
	    .dir_fd = dir_fd_of(message, reach),
	    .file_fd = reach_file(message->file_fd),
	};

	/* By our own root the path may lead to another directory. */
	if (news.dir_fd < 0)
		report_say(&w->report,
		    "%s: its writer could not be followed there: %s",
		    reach->dir, strerror(-news.dir_fd));
	else
		runs_consider(w->runs, &news);
	if (news.file_fd > 0)
		close(news.file_fd);
}

static void
hear_silence(struct worker *w)
{
	w->silent = true;
	if (w->search != NULL)
		search_hear_silence(w->search);
}

void
worker_hear(struct channel *channel, const struct message *message)
{
	struct worker *w = channel->data;
	const char *base = path_base(message->path);
	struct reach reach;
	char *dir;

	if (message->op == MESSAGE_NESTED) {
		/* The itrack-wrap inside tracks what is to be found. */
		w->nested = true;
		search_free(w->search);
		w->search = NULL;
		return;
	}
	if (w->search != NULL)
		search_hear(w->search, message->sender);
	if (message->op == MESSAGE_HELLO && !w->heard)
		refusals_look(&w->refusals, message->sender);
	if (message->op == MESSAGE_SILENT)
		hear_silence(w);
	if (!tells_of_run(message->op, base) && !is_aside(base))
		return;
	w->heard = true;
	if (w->search != NULL)
		search_hear_run(w->search);
	dir = path_parent(message->path);
	reach_dir(&reach, message->sender, dir);
	if (message->op == MESSAGE_MARKING) {
		if (dir_fd_of(message, &reach) >= 0)
			announced_add(&w->announced, reach.dir,
			    dir_fd_of(message, &reach), message->sender);
	} else {
		announced_remove(&w->announced, reach.dir);
		consider(w, message, &reach);
	}
	reach_release(&reach);
	free(dir);
}

void
worker_look_at_announced(struct worker *w)
{
	struct run_news news = {.sign = RUN_NO_SIGN};
	char *dir;

	while (
	    announced_take(&w->announced, &dir, &news.dir_fd, &news.writer)) {
		news.dir = dir;
		runs_consider(w->runs, &news);
		if (news.dir_fd > 0)
			close(news.dir_fd);
		free(dir);
	}
}

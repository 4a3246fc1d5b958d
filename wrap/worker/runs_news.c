/* Decides what news of a directory mean: a run of which we know, the next one in
 * the same directory, a new one, or nothing. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "mapping/names.h"
#include "watcher/identity.h"
#include "wrap/attempt/stop_if.h"
#include "wrap/worker/private.h"

/* Returns the run that is written in there now, or else the last one that this
 * writer ended there, because the last messages of a process may come behind
 * its death. */
static struct run *
find_run(
    struct runs *runs, const struct watcher_identity *identity, pid_t writer)
{
	struct run *run, *ended = NULL;

	TAILQ_FOREACH (run, &runs->list, link)
		if (!watcher_identity_equal(&run->identity, identity))
			continue;
		else if (!run_is_over(run))
			return run;
		else if (writer > 0 && run->writer == writer)
			ended = run;
	return ended;
}

/* Ends what the writer has written there before: a process writes one run at a
 * time in a directory, also where it has removed or moved that and made it
 * again. In other directories it may go on meanwhile. */
static void
take_over(struct runs *runs, const struct watcher_identity *identity,
    const struct run_news *news)
{
	char *name = runs_call(runs, identity, news->dir);
	struct run *run;

	TAILQ_FOREACH (run, &runs->list, link) {
		if (news->writer <= 0 || run->writer != news->writer)
			continue;
		run->followed = true;
		if (run->attempt != NULL)
			attempt_leave_alone(run->attempt);
		if (strcmp(run->dir, name) == 0)
			run_end(run, NULL, false);
	}
	free(name);
}

/* Does the news tell of a run that follows this one? */
static bool
is_another(struct run *run, const struct run_news *news)
{
	if (news->sign == RUN_NO_SIGN || ++run->begins[news->sign] < 2)
		return false;
	if (news->sign == RUN_CONFIG_TEMP || run_is_over(run) ||
	    run_is_orphan(run))
		return true;
	attempt_scan(run->attempt);
	return run_is_complete(run);
}

static void
count_sign(struct run *run, const struct run_news *news)
{
	if (news->sign != RUN_NO_SIGN)
		run->begins[news->sign] = 1;
}

/* The look at the files of the one before may have shown that there are others
 * now, and begun with them. */
static struct run *
next_run(struct runs *runs, const struct watcher_identity *identity,
    const struct run_news *news)
{
	struct run *run = find_run(runs, identity, 0);

	if (run != NULL)
		count_sign(run, news);
	return run;
}

/* insideLLMs writes the marker first. Who writes it behind a manifest copies the
 * files in some order, and what it did before was no news of a run. */
static bool
is_marked_late(const struct run_news *news)
{
	return news->sign == RUN_MARKER &&
	    run_stamp(news->dir, news->dir_fd, MANIFEST_FILE).there;
}

/* Returns 1, 0, or a negative errno if it could not be looked at. */
static int
has_marker(const struct run_news *news)
{
	struct watcher_stamp stamp;

	/* The marker was there when the message was sent, and may be gone again
	 * by now. */
	if (news->sign == RUN_MARKER)
		return 1;
	stamp = run_stamp(news->dir, news->dir_fd, MARKER_FILE);
	return stamp.code < 0 ? stamp.code : stamp.there;
}

static void
take_news(struct run *run, const struct run_news *news)
{
	run->genuine = run->genuine || news->genuine;
	run->in_place = run->in_place || news->in_place;
	if (run_is_over(run))
		return;
	/* The run may have been found without the shim before, and its writer
	 * is known only now. Or its writer is dead, and another goes on. */
	if ((run->writer <= 0 || run_is_orphan(run)) && news->writer > 0 &&
	    news->writer != run->writer) {
		run_unwatch_writer(run);
		run->orphaned = false;
		run->writer = news->writer;
		run_watch_writer(run);
	}
	if (news->file_fd != 0)
		attempt_take_file(run->attempt, news->name, news->file_fd);
	attempt_scan(run->attempt);
}

void
runs_consider(struct runs *runs, const struct run_news *news)
{
	struct watcher_identity identity;
	struct run *run;
	int result;

	/* Copies that look like a run (insideLLMs' own --track local) have no
	 * marker beside them. */
	result = run_identify(news->dir, news->dir_fd, &identity, NULL);
	run = result < 0 ? NULL : find_run(runs, &identity, news->writer);
	if (run == NULL && result == 0 && !news->aside)
		result = has_marker(news);
	/* What could not be looked at is looked at once more. */
	if (file_is_unknown(result)) {
		runs_put_off(runs, news->dir);
		loop_kick(runs->config.loop);
	}
	if (news->aside && run != NULL)
		take_news(run, news);
	if (news->aside || (run == NULL && result <= 0))
		return;
	if (run != NULL && is_another(run, news)) {
		run_end(run, NULL, true);
		run = next_run(runs, &identity, news);
	}
	if (run == NULL) {
		take_over(runs, &identity, news);
		run = runs_begin(
		    runs, news->dir, news->dir_fd, news->writer, true);
		if (run != NULL) {
			run->in_place = is_marked_late(news);
			count_sign(run, news);
		}
	}
	if (run != NULL)
		take_news(run, news);
}

static bool
know(const struct runs *runs, const char *dir, int dir_fd)
{
	struct watcher_identity identity;
	const struct run *run;

	if (run_identify(dir, dir_fd, &identity, NULL) < 0)
		return false;
	TAILQ_FOREACH (run, &runs->list, link)
		if (watcher_identity_equal(&run->identity, &identity))
			return true;
	return false;
}

bool
runs_know(const struct runs *runs, const char *dir)
{
	return know(runs, dir, 0);
}

void
runs_found(struct runs *runs, const char *dir, int dir_fd, pid_t writer)
{
	struct found_run *found;
	int fd = dir_fd > 0 ? fcntl(dir_fd, F_DUPFD_CLOEXEC, 0) : 0;

	loop_kick(runs->config.loop);
	if (fd < 0) {
		runs_put_off(runs, dir);
		return;
	}
	found = xcalloc(1, sizeof *found);
	found->dir = xstrdup(dir);
	found->dir_fd = fd;
	found->writer = writer;
	TAILQ_INSERT_TAIL(&runs->found, found, link);
}

static void
take_found(struct runs *runs, const struct found_run *found)
{
	if (know(runs, found->dir, found->dir_fd))
		return;
	if (!runs->over || found->writer > 0)
		runs_begin(
		    runs, found->dir, found->dir_fd, found->writer, false);
	else
		runs_put_off(runs, found->dir);
}

/* The shim tells of a file before it is opened, and knows more of the run. So what
 * it has to say of these is heard first. */
void
runs_take_found(struct runs *runs)
{
	struct found_run *found;

	if (TAILQ_EMPTY(&runs->found) || !runs->config.hear(runs->config.data))
		return;
	while ((found = TAILQ_FIRST(&runs->found)) != NULL) {
		TAILQ_REMOVE(&runs->found, found, link);
		take_found(runs, found);
		if (found->dir_fd > 0)
			close(found->dir_fd);
		free(found->dir);
		free(found);
	}
}

/*
 * The engine's side of a tracker, for unit tests that call its operations
 * directly: options, memory, notes; a run; entries made in one line.
 *
 *	struct fake f;
 *	fake_init(&f, &tracker_local);      a directory of its own, a run in it
 *	fake_open(&f, false); fake_send(&f, LANE_METRICS, entries, n); ...
 *	fake_release(&f);
 */
#ifndef TESTS_FAKE_ENGINE_H
#define TESTS_FAKE_ENGINE_H

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/file.h"
#include "base/loop.h"
#include "tracker/plan.h"
#include "tracker/tracker.h"

#include "tap.h"

#define FAKE_PAIRS 16

struct fake {
	char root[64]; /* a temporary directory */
	char run_dir[96];
	struct tracker tracker;
	struct entry_start start;
	struct run_info run;
	struct err err;
	struct target target;
	char *memory[FAKE_PAIRS][2];
	size_t memory_len;
	char place[4096];
	char notes[8][512];
	size_t note_len;
	enum outcome answer; /* of tracker_done */
	bool answered;
};

static struct fake *fake_now;

const char *
tracker_option(const struct tracker *t, const char *name)
{
	const struct plan plan = {.target = &fake_now->target};

	(void)t;
	return plan_option(&plan, name);
}

struct plan
tracker_plan(const struct tracker *t, const struct entry_start *start)
{
	(void)t;
	return (struct plan){.target = &fake_now->target,
	    .project = start->project,
	    .experiment = start->experiment_name,
	    .cwd = start->cwd};
}

const char *
tracker_recall(const struct tracker *t, const char *name)
{
	(void)t;
	for (size_t i = 0; i < fake_now->memory_len; i++)
		if (strcmp(fake_now->memory[i][0], name) == 0)
			return fake_now->memory[i][1];
	return NULL;
}

void
tracker_remember(struct tracker *t, const char *name, const char *text)
{
	size_t i;

	(void)t;
	for (i = 0; i < fake_now->memory_len; i++)
		if (strcmp(fake_now->memory[i][0], name) == 0)
			break;
	if (i == fake_now->memory_len) {
		fake_now->memory[i][0] = xstrdup(name);
		fake_now->memory_len++;
	}
	free(fake_now->memory[i][1]);
	fake_now->memory[i][1] = xstrdup(text);
}

void
tracker_remember_later(struct tracker *t, const char *name, const char *text)
{
	tracker_remember(t, name, text);
}

void
tracker_send_anew(struct tracker *t)
{
	(void)t;
}

bool
tracker_records_follow(const struct tracker *t)
{
	(void)t;
	return false;
}

bool
tracker_has_own_run(const struct tracker *t, int64_t experiment)
{
	return t->own_runs && experiment >= 0;
}

void
tracker_set_place(struct tracker *t, const char *place)
{
	(void)t;
	snprintf(fake_now->place, sizeof(fake_now->place), "%s", place);
}

void
tracker_note(struct tracker *t, const char *format, ...)
{
	char note[512];
	va_list ap;

	(void)t;
	va_start(ap, format);
	vsnprintf(note, sizeof(note), format, ap);
	va_end(ap);
	for (size_t i = 0; i < fake_now->note_len; i++)
		if (strcmp(fake_now->notes[i], note) == 0)
			return;
	if (fake_now->note_len < 8)
		memcpy(
		    fake_now->notes[fake_now->note_len++], note, sizeof(note));
}

void
tracker_altered(struct tracker *t, const char *format, ...)
{
	(void)t;
	(void)format;
}

void
tracker_refused(struct tracker *t, const char *what, const char *why)
{
	tracker_note(t, "%s: %s", what, why);
}

void
tracker_set_run_id(struct tracker *t, const char *run_id)
{
	(void)t;
	(void)run_id;
}

void
tracker_needs(struct tracker *t, const char *option)
{
	(void)t;
	(void)option;
}

void
tracker_stays_here(struct tracker *t)
{
	(void)t;
}

bool
tracker_write_down(const struct tracker *t)
{
	(void)t;
	return false;
}

void
tracker_progress(struct tracker *t)
{
	(void)t;
}

void
tracker_away(struct tracker *t)
{
	(void)t;
}

void
tracker_done(struct tracker *t, enum tracker_call call, enum outcome outcome,
    int64_t retry_after_ms, const struct err *err)
{
	(void)call;
	(void)retry_after_ms;
	fake_now->answer = outcome;
	fake_now->answered = true;
	fake_now->err = *err;
	loop_stop(t->loop);
}

static void
fake_start(struct fake *f, const struct tracker_ops *ops)
{
	fake_now = f;
	f->tracker = (struct tracker){.ops = ops,
	    .loop = loop_new(),
	    .state = xcalloc(1, ops->state_size)};
	ops->configure(&f->tracker, &f->err);
}

__attribute__((unused)) static void
fake_init(struct fake *f, const struct tracker_ops *ops)
{
	memset(f, 0, sizeof(*f));
	snprintf(f->root, sizeof(f->root), "/tmp/itrack-unit-XXXXXX");
	if (mkdtemp(f->root) == NULL)
		die("no temporary directory");
	snprintf(f->run_dir, sizeof(f->run_dir), "%s/run", f->root);
	mkdir(f->run_dir, 0777);
	f->start = (struct entry_start){.attempt = (char *)"a",
	    .run_dir = f->run_dir,
	    .project = (char *)"demo",
	    .prefix = (char *)""};
	f->run = (struct run_info){.start = &f->start,
	    .started_us = 1763888534008852,
	    .run_id = "abc"};
	fake_start(f, ops);
}

/* A new attempt: nothing is remembered. */
__attribute__((unused)) static void
fake_forget(struct fake *f)
{
	for (size_t i = 0; i < f->memory_len; i++) {
		free(f->memory[i][0]);
		free(f->memory[i][1]);
		f->memory[i][0] = f->memory[i][1] = NULL;
	}
	f->memory_len = 0;
}

/* As after a kill: the memory stays, the process does not. */
__attribute__((unused)) static void
fake_restart(struct fake *f, const struct tracker_ops *ops)
{
	f->tracker.ops->close(&f->tracker);
	loop_free(f->tracker.loop);
	free(f->tracker.state);
	fake_start(f, ops);
}

__attribute__((unused)) static enum outcome
fake_open(struct fake *f, bool again)
{
	f->run.again = again;
	return f->tracker.ops->open(&f->tracker, &f->run, &f->err);
}

/* Waits for a late answer. *done: entries taken. */
__attribute__((unused)) static enum outcome
fake_send(struct fake *f, enum lane lane, const struct entry *entries,
    size_t count, bool last, size_t *done)
{
	struct batch batch = {.lane = lane,
	    .entries = entries,
	    .count = count,
	    .last = last,
	    .done = count};
	enum outcome outcome;

	f->answered = false;
	outcome = f->tracker.ops->send(&f->tracker, &batch, &f->err);
	if (outcome == OUTCOME_PENDING) {
		loop_run(f->tracker.loop);
		outcome = f->answer;
	}
	if (done != NULL)
		*done = batch.done;
	return outcome;
}

__attribute__((unused)) static enum outcome
fake_finish(struct fake *f, enum run_status status, int64_t last_step)
{
	struct entry_end end = {.status = status, .last_step = last_step};
	struct run_end run_end = {.end = &end, .ended_us = 1763888535000000};

	return f->tracker.ops->finish(&f->tracker, &run_end, &f->err);
}

__attribute__((unused)) static void
fake_release(struct fake *f)
{
	char *command;

	f->tracker.ops->close(&f->tracker);
	loop_free(f->tracker.loop);
	free(f->tracker.state);
	fake_forget(f);
	command = xasprintf("rm -rf '%s'", f->root);
	if (system(command) != 0)
		printf("# %s: failed\n", command);
	free(command);
}

/* The bytes of a file; "" if it is not there. The caller frees. */
__attribute__((unused)) static char *
fake_file(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	struct buf bytes;

	buf_init(&bytes, 1 << 30);
	buf_adds(&bytes, "");
	file_read_all(-1, path, &bytes, NULL);
	free(path);
	return buf_steal(&bytes);
}

__attribute__((unused)) static struct entry
fake_metrics(int64_t step, int64_t experiment, const char *name, double value)
{
	struct entry e;

	entry_init(&e, ENTRY_METRICS, 1763888534000000 + step);
	e.metrics.step = step;
	e.metrics.experiment = experiment;
	entry_add_metric(&e, name, value);
	return e;
}

/* An artifact as the watcher records it, from the file that is there. */
__attribute__((unused)) static struct entry
fake_artifact(const char *name, const char *path)
{
	struct stat st = {0};
	struct entry e;

	lstat(path, &st);
	entry_init(&e, ENTRY_ARTIFACT, 1763888534000000);
	e.artifact = (struct entry_artifact){.name = xstrdup(name),
	    .type = xstrdup("file"),
	    .path = xstrdup(path),
	    .size = st.st_size,
	    .inode = st.st_ino,
	    .mtime_ns = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec};
	return e;
}

#endif

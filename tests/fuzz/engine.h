/*
 * The engine's side of a tracker, for a target that calls a tracker's
 * operations with a server of answers.h: options, memory, and the answer to
 * what was under way, which comes exactly once and for the call that waits.
 *
 *	engine_run(&tracker_wandb, &target, at, end);
 */
#ifndef TESTS_FUZZ_ENGINE_H
#define TESTS_FUZZ_ENGINE_H

#include <stdarg.h>
#include <sys/stat.h>

#include "base/process.h"
#include "tests/fuzz/answers.h"
#include "tracker/plan.h"
#include "tracker/tracker.h"

/* How often a call is repeated that says RETRY. */
#define ENGINE_TRIES_MAX 3

static struct engine {
	struct tracker tracker;
	struct answers answers;
	struct target target;
	struct cursor memory;
	bool waiting; /* for an answer to `call` */
	enum tracker_call call;
	enum outcome outcome;
} engine;

const char *
tracker_option(const struct tracker *t, const char *name)
{
	const struct plan plan = {.target = &engine.target};

	(void)t;
	return plan_option(&plan, name);
}

struct plan
tracker_plan(const struct tracker *t, const struct entry_start *start)
{
	(void)t;
	return (struct plan){.target = &engine.target,
	    .project = start->project,
	    .experiment = start->experiment_name,
	    .cwd = start->cwd};
}

const char *
tracker_recall(const struct tracker *t, const char *name)
{
	(void)t;
	return cursor_get(&engine.memory, name);
}

void
tracker_remember(struct tracker *t, const char *name, const char *text)
{
	(void)t;
	cursor_set(&engine.memory, name, text);
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
	expect(place[0] != '\0');
}

void
tracker_note(struct tracker *t, const char *format, ...)
{
	char note[512];
	va_list ap;

	(void)t;
	va_start(ap, format);
	vsnprintf(note, sizeof note, format, ap);
	va_end(ap);
	expect(note[0] != '\0');
}

void
tracker_altered(struct tracker *t, const char *format, ...)
{
	char note[512];
	va_list ap;

	(void)t;
	va_start(ap, format);
	vsnprintf(note, sizeof note, format, ap);
	va_end(ap);
	expect(note[0] != '\0');
}

void
tracker_refused(struct tracker *t, const char *what, const char *why)
{
	(void)t;
	expect(what != NULL && why[0] != '\0');
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
	expect(option[0] != '\0');
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
	expect(engine.waiting && call == engine.call);
	expect(outcome != OUTCOME_PENDING && retry_after_ms >= 0);
	expect(outcome == OUTCOME_DONE || err->message[0] != '\0');
	engine.waiting = false;
	engine.outcome = outcome;
	loop_stop(t->loop);
}

/* What a call came to, waiting for the answer if there is none yet. */
static enum outcome
engine_wait(enum tracker_call call, enum outcome outcome)
{
	if (outcome != OUTCOME_PENDING)
		return outcome;
	engine.waiting = true;
	engine.call = call;
	loop_run(engine.tracker.loop);
	expect(!engine.waiting);
	return engine.outcome;
}

/* What is refused is skipped, as by the engine. */
static bool
engine_send(enum lane lane, const struct entry *entries, size_t count)
{
	enum tracker_call call =
	    lane == LANE_METRICS ? CALL_SEND_METRICS : CALL_SEND_FILES;
	enum outcome outcome = OUTCOME_RETRY;

	for (int tries = 0; count > 0 && tries < ENGINE_TRIES_MAX; tries++) {
		struct err err = ERR_INIT;
		struct batch batch = {.lane = lane,
		    .entries = entries,
		    .count = count,
		    .last = true,
		    .done = count};

		outcome = engine_wait(call,
		    engine.tracker.ops->send(&engine.tracker, &batch, &err));
		if (outcome == OUTCOME_BLOCKED)
			return false;
		expect(batch.done <= count && batch.rejected <= count);
		if (outcome == OUTCOME_REJECTED && batch.done < count)
			batch.done++;
		entries += batch.done;
		count -= batch.done;
	}
	return count == 0;
}

static bool
engine_metrics(void)
{
	static const char *const lines[] = {
	    "{\"entry\":\"run_id\",\"time_us\":1,\"run_id\":\"abc\"}",
	    "{\"entry\":\"params\",\"time_us\":1,\"params\":{\"a\":\"text\","
	    "\"b\":2}}",
	    "{\"entry\":\"experiment\",\"time_us\":2,\"index\":0,"
	    "\"experiment_id\":\"e\",\"model_name\":\"m\","
	    "\"model_provider\":\"v\",\"probe_name\":\"p\","
	    "\"probe_category\":\"c\",\"name_has_id\":false}",
	    "{\"entry\":\"metrics\",\"time_us\":3,\"step\":1,"
	    "\"metrics\":{\"x\":0.5}}",
	    "{\"entry\":\"metrics\",\"time_us\":4,\"step\":2,"
	    "\"experiment\":0,\"metrics\":{\"y\":\"NaN\"}}",
	};
	struct entry entries[sizeof lines / sizeof lines[0]];
	size_t n = sizeof lines / sizeof lines[0];
	bool done;

	for (size_t i = 0; i < n; i++)
		expect(entry_decode(
			   &entries[i], lines[i], strlen(lines[i]), NULL) == 0);
	done = engine_send(LANE_METRICS, entries, n);
	for (size_t i = 0; i < n; i++)
		entry_release(&entries[i]);
	return done;
}

/* A file, a table and a model. */
static void
engine_files(void)
{
	static char *columns[] = {(char *)"a"};
	char *path = fuzz_path("rows");
	struct entry entries[3];
	struct stat st;

	fuzz_put("rows", "{\"a\":1}\n", 8);
	expect(lstat(path, &st) == 0);
	memset(entries, 0, sizeof entries);
	entries[0].kind = ENTRY_ARTIFACT;
	entries[0].artifact = (struct entry_artifact){.name = (char *)"d/f",
	    .type = (char *)"file",
	    .path = path,
	    .size = st.st_size,
	    .inode = st.st_ino,
	    .mtime_ns =
		st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec};
	entries[1].kind = ENTRY_TABLE;
	entries[1].table = (struct entry_table){.name = (char *)"t",
	    .path = path,
	    .columns = columns,
	    .column_len = 1};
	entries[2].kind = ENTRY_REGISTER;
	entries[2].registration =
	    (struct entry_register){.uri = (char *)"runs:/abc/model",
		.name = (char *)"model",
		.id = (char *)"0123456789abcdef"};
	engine_send(LANE_FILES, entries, 3);
	free(path);
}

static bool
engine_open(const struct run_info *run)
{
	enum outcome outcome = OUTCOME_RETRY;

	for (int i = 0; i < ENGINE_TRIES_MAX && outcome == OUTCOME_RETRY; i++) {
		struct err err = ERR_INIT;

		outcome = engine_wait(CALL_OPEN,
		    engine.tracker.ops->open(&engine.tracker, run, &err));
	}
	return outcome == OUTCOME_DONE;
}

static void
engine_calls(const struct run_info *run)
{
	struct tracker *t = &engine.tracker;
	struct entry_end end = {.status = RUN_FINISHED, .last_step = 2};
	struct run_end run_end = {.end = &end, .ended_us = 1764000000000000};
	enum outcome outcome = OUTCOME_RETRY;

	if (!engine_open(run) || !engine_metrics())
		return;
	/* The end does not wait for the files. */
	engine_files();
	for (int i = 0; i < ENGINE_TRIES_MAX && outcome == OUTCOME_RETRY; i++) {
		struct err err = ERR_INIT;

		outcome =
		    engine_wait(CALL_FINISH, t->ops->finish(t, &run_end, &err));
	}
}

/* A whole run, as far as the answers let it come; then once more, as after a
 * kill, with what the first one remembers. */
__attribute__((unused)) static void
engine_run(const struct tracker_ops *ops, const struct target *target,
    const char *at, const char *end)
{
	struct entry_start start = {.attempt = (char *)"a",
	    .run_dir = (char *)fuzz_dir(),
	    .project = (char *)"demo",
	    .prefix = (char *)"",
	    .cwd = (char *)fuzz_dir(),
	    .boot_id = process_boot_id(),
	    .pid = getpid(),
	    .pid_start = process_start(getpid())};
	struct run_info run = {
	    .start = &start, .started_us = 1763888534008852, .run_id = "abc"};
	struct err err = ERR_INIT;

	engine = (struct engine){.target = *target};
	answers_open(&engine.answers, at, end, answers_json);
	for (int i = 0; i < 2; i++) {
		engine.tracker = (struct tracker){.ops = ops,
		    .loop = engine.answers.loop,
		    .state = xcalloc(1, ops->state_size)};
		run.again = i > 0;
		engine.waiting = false;
		if (ops->configure(&engine.tracker, &err) == 0)
			engine_calls(&run);
		ops->close(&engine.tracker);
		free(engine.tracker.state);
	}
	answers_close(&engine.answers);
	free(start.boot_id);
	cursor_release(&engine.memory);
	fuzz_clear();
}

#endif

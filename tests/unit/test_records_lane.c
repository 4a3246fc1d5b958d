/* The lane of the records: behind the others, which never wait for it. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "tap.h"
#include "tracker/tracker.h"

#define BATCHES 3
#define OTHERS  (3 + 2 * BATCHES)
#define MAX     1000

static char file[] = "/tmp/itrack-lane-XXXXXX";
static struct loop *loop;
static struct entry_start start = {.attempt = (char *)"a",
    .run_dir = (char *)"/r",
    .project = (char *)"p",
    .prefix = (char *)"",
    .records = (char *)"plain"};

static void
append(struct journal *j, struct entry *e)
{
	journal_append(j, e, NULL);
	entry_release(e);
}

static void
append_metrics(struct journal *j, int64_t step)
{
	struct entry e;

	entry_init(&e, ENTRY_METRICS, step);
	e.metrics.step = step;
	entry_add_metric(&e, "a", 1);
	append(j, &e);
	journal_flush(j, NULL);
}

/* Each batch of records has a point before it and one behind it. */
static void
append_run(struct journal *j)
{
	struct entry e;

	entry_init(&e, ENTRY_RUN_ID, 1);
	e.run_id = xstrdup("r");
	append(j, &e);
	for (int i = 0; i < BATCHES; i++) {
		append_metrics(j, 2 * i + 1);
		entry_init(&e, ENTRY_RECORDS, 1);
		e.records.path = xstrdup("/r/records.jsonl");
		e.records.first = 1 + 100 * i;
		e.records.count = 100;
		e.records.every = 1;
		append(j, &e);
		append_metrics(j, 2 * i + 2);
	}
	for (int i = 0; i < 2; i++) {
		entry_init(&e, ENTRY_ARTIFACT, 1);
		e.artifact =
		    (struct entry_artifact){.name = xasprintf("f%d", i),
			.type = xstrdup("file"),
			.path = xstrdup("/f")};
		append(j, &e);
	}
	journal_flush(j, NULL);
}

static void
append_end(struct journal *j)
{
	struct entry e;

	entry_init(&e, ENTRY_END, 99);
	e.end.last_step = 100 * BATCHES;
	append(j, &e);
	journal_flush(j, NULL);
}

static struct journal *
new_journal(void)
{
	char attempt[ATTEMPT_SIZE];

	journal_new_attempt(attempt, clock_wall_us());
	return journal_create(NULL, attempt, NULL);
}

static struct delivery *
begin(struct journal *j, const char *script, const char *records)
{
	const struct delivery_config config = {
	    .loop = loop, .journal = j, .start = &start, .started_us = 1};
	struct target target = {.tracker = (char *)"null"};
	struct delivery *d = NULL;
	struct err err = ERR_INIT;

	setenv("ITRACK_NULL", script, 1);
	setenv("ITRACK_NULL_RECORDS", records, 1);
	if (truncate(file, 0) < 0 ||
	    delivery_new(&d, &config, &target, &err) < 0)
		die("%s", err.message);
	return d;
}

static void
on_time(struct loop_timer *timer)
{
	(void)timer;
	loop_stop(loop);
}

static void
turn(void)
{
	struct loop_timer timer = {.fire = on_time};

	loop_timer_set(loop, &timer, 20);
	loop_run(loop);
}

/* Turns until so many entries are delivered, or nothing more will be. */
static void
turn_until(
    const struct delivery *d, uint64_t delivered, struct delivery_status *s)
{
	for (;;) {
		delivery_status(d, s);
		if (s->delivered >= delivered || delivery_is_settled(d))
			return;
		turn();
	}
}

static void
settle(struct delivery *d, struct delivery_status *s)
{
	delivery_drain(d, DRAIN_WHILE_MOVING);
	while (!delivery_is_settled(d))
		turn();
	delivery_status(d, s);
}

/* Every batch of records behind the point before it. */
static bool
in_order(void)
{
	FILE *f = fopen(file, "r");
	char *line = NULL;
	size_t cap = 0;
	int points = 0, batches = 0;
	bool good = true;

	while (getline(&line, &cap, f) > 0) {
		points += strstr(line, "\"entry\":\"metrics\"") != NULL;
		if (strstr(line, "\"entry\":\"records\"") == NULL)
			continue;
		good = good && points > 2 * batches;
		batches++;
	}
	free(line);
	fclose(f);
	return good && batches == BATCHES;
}

static void
check_whole(const char *script, const char *records)
{
	struct journal *j = new_journal();
	struct delivery_status s;
	struct delivery *d;

	append_run(j);
	d = begin(j, script, records);
	delivery_kick(d);
	append_end(j);
	delivery_kick(d);
	settle(d, &s);
	ok(s.state == DELIVERY_FINISHED, "%s, records %s: all is there", script,
	    records);
	is_int((long long)s.delivered, OTHERS + BATCHES, "every entry");
	is_int((long long)s.pending, 0, "nothing is pending");
	ok(in_order(), "records behind what stands before them");
	delivery_free(d);
	journal_close(j);
}

/* A server that answers everything but records. */
static void
check_slow(void)
{
	struct journal *j = new_journal();
	struct delivery_status s;
	struct delivery *d;

	append_run(j);
	d = begin(j, "done,...", "hang,...");
	delivery_kick(d);
	turn_until(d, OTHERS, &s);
	is_int(
	    (long long)s.delivered, OTHERS, "records hang: all else is there");
	append_metrics(j, 50);
	delivery_kick(d);
	turn_until(d, OTHERS + 1, &s);
	is_int((long long)s.delivered, OTHERS + 1, "and what comes meanwhile");
	append_end(j);
	delivery_kick(d);
	turn();
	delivery_status(d, &s);
	is_int((long long)s.pending, BATCHES, "the records alone are pending");
	delivery_free(d);
	journal_close(j);
}

/* The others are delivered, whatever becomes of the records. */
static void
check_refused(const char *records, enum delivery_state state, int pending,
    int rejected, const char *refusal)
{
	struct journal *j = new_journal();
	struct delivery_status s;
	struct delivery *d;

	append_run(j);
	append_end(j);
	d = begin(j, "done,...", records);
	delivery_kick(d);
	turn_until(d, OTHERS, &s);
	settle(d, &s);
	ok(s.state == state, "records %s: state %d", records, s.state);
	is_int((long long)s.pending, pending, "pending");
	is_int((long long)s.rejected, rejected, "rejected");
	is_int((long long)s.delivered, OTHERS + BATCHES - pending - rejected,
	    "the others are delivered");
	is_text(s.refusal, refusal, "the refusal");
	delivery_free(d);
	journal_close(j);
}

/* The records are not there yet as they were recorded. */
static void
check_not_yet(void)
{
	char rows[] = "/tmp/itrack-rows-XXXXXX";
	struct journal *j = new_journal();
	struct delivery_status s;
	struct delivery *d;

	close(mkstemp(rows));
	setenv("ITRACK_NULL_ROWS", rows, 1);
	append_run(j);
	d = begin(j, "done,...", "done,...");
	delivery_kick(d);
	turn_until(d, OTHERS, &s);
	turn();
	delivery_status(d, &s);
	is_int(
	    (long long)s.rejected, 0, "while the run goes on nothing is lost");
	is_int((long long)s.pending, BATCHES, "the records wait");
	append_end(j);
	delivery_kick(d);
	settle(d, &s);
	ok(s.state == DELIVERY_FINISHED, "when it has ended they are given up");
	is_text(s.refusal,
	    "300 records not sent: /r/records.jsonl: No such file or directory",
	    "and the report says so");
	unsetenv("ITRACK_NULL_ROWS");
	unlink(rows);
	delivery_free(d);
	journal_close(j);
}

static void
check_left_out(int64_t max, const char *note)
{
	struct journal *j = new_journal();
	struct delivery_status s;
	struct delivery *d;

	start.records_max = max;
	append_run(j);
	append_end(j);
	d = begin(j, "done,...", "done,...");
	delivery_kick(d);
	settle(d, &s);
	is_text(s.note_len > 0 ? s.notes[0] : NULL, note, "what is left out");
	start.records_max = 0;
	delivery_free(d);
	journal_close(j);
}

int
main(void)
{
	close(mkstemp(file));
	setenv("ITRACK_NULL_FILE", file, 1);
	loop = loop_new();
	check_whole("done,...", "done,...");
	check_whole("late,...", "late,...");
	check_whole("done,retry,done,...", "retry,done,...");
	check_slow();
	check_refused("blocked,...", DELIVERY_BLOCKED, BATCHES, 0, "");
	check_refused("done,blocked", DELIVERY_BLOCKED, BATCHES - 1, 0, "");
	check_refused("rejected,...", DELIVERY_FINISHED, 0, BATCHES,
	    "300 records not sent: null: asked to reject");
	check_refused("done,rejected,done", DELIVERY_FINISHED, 0, 1,
	    "100 records not sent: null: asked to reject");
	check_not_yet();
	check_left_out(MAX, NULL);
	check_left_out(100,
	    "175 of 300 records are there, the others are left out "
	    "(--records-max 100)");
	loop_free(loop);
	unlink(file);
	return done_testing();
}

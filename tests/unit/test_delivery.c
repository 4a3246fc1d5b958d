/* The engine with the null tracker, which fails on demand. */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "tap.h"
#include "tracker/tracker.h"

#define HOUR_MS ((int64_t)60 * 60 * 1000)

static char file[] = "/tmp/itrack-delivery-XXXXXX";
static struct loop *loop;

static void
append_end(struct journal *j)
{
	struct entry e;

	entry_init(&e, ENTRY_END, 99);
	journal_append(j, &e, NULL);
	entry_release(&e);
	journal_flush(j, NULL);
}

static void
append_entries(struct journal *j, int points)
{
	struct entry e;

	entry_init(&e, ENTRY_RUN_ID, 1);
	e.run_id = xstrdup("r");
	journal_append(j, &e, NULL);
	entry_release(&e);
	for (int i = 1; i <= points; i++) {
		entry_init(&e, ENTRY_METRICS, i);
		e.metrics.step = i;
		entry_add_metric(&e, "a", i);
		journal_append(j, &e, NULL);
		entry_release(&e);
	}
	entry_init(&e, ENTRY_ARTIFACT, 1);
	e.artifact = (struct entry_artifact){.name = xstrdup("n"),
	    .type = xstrdup("file"),
	    .path = xstrdup("/n")};
	journal_append(j, &e, NULL);
	entry_release(&e);
	journal_flush(j, NULL);
}

static void
append_run(struct journal *j, int points)
{
	append_entries(j, points);
	append_end(j);
}

static int
lines_in_file(void)
{
	FILE *f = fopen(file, "r");
	int c, n = 0;

	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

static void
on_changed(struct delivery *d, void *data)
{
	(void)d;
	(void)data;
	loop_stop(loop);
}

/* The script that the next opening of the tracker reads. */
static void
behave(struct loop_timer *timer)
{
	(void)timer;
	setenv("ITRACK_NULL", "done", 1);
}

static void
deliver(struct journal *j, const char *script, int64_t drain_ms,
    struct delivery_status *status)
{
	struct entry_start start = {.attempt = (char *)"a",
	    .run_dir = (char *)"/r",
	    .project = (char *)"p",
	    .prefix = (char *)""};
	const struct delivery_config config = {.loop = loop,
	    .journal = j,
	    .start = &start,
	    .started_us = 1,
	    .changed = on_changed};
	struct target target = {.tracker = (char *)"null"};
	struct loop_timer better = {.fire = behave};
	struct delivery *d = NULL;
	struct err err = ERR_INIT;

	setenv("ITRACK_NULL", script, 1);
	if (delivery_new(&d, &config, &target, &err) < 0) {
		ok(false, "%s", err.message);
		return;
	}
	loop_timer_set(loop, &better, 100);
	delivery_kick(d);
	if (drain_ms != 0)
		delivery_drain(d, drain_ms);
	if (!delivery_is_settled(d))
		loop_run(loop);
	if (journal_size(j) == 0) {
		/* Refused before the run had begun; then it goes on. */
		append_run(j, 5);
		delivery_kick(d);
	}
	delivery_status(d, status);
	loop_timer_cancel(loop, &better);
	delivery_free(d);
}

static void
on_time(struct loop_timer *timer)
{
	(void)timer;
	loop_stop(loop);
}

static void
turn_for(int64_t ms)
{
	struct loop_timer timer = {.fire = on_time};

	loop_timer_set(loop, &timer, ms);
	loop_run(loop);
}

static void
cursor_is(const char *state_dir, const char *attempt, uint64_t delivered,
    bool finished, const char *when)
{
	struct err err = ERR_INIT;
	struct cursor c;

	cursor_read(state_dir, attempt, "null", &c, &err);
	ok(c.delivered == delivered && c.finished == finished,
	    "%s: the cursor on the disk has %d entries%s", when, (int)delivered,
	    finished ? " and the end" : "");
	cursor_release(&c);
}

/* On the disk within a second of its move, not at once; never when the journal
 * is gone. */
static void
check_cursor(void)
{
	char state_dir[] = "/tmp/itrack-delivery-XXXXXX", attempt[ATTEMPT_SIZE];
	struct entry_start start = {.attempt = attempt,
	    .run_dir = (char *)"/r",
	    .project = (char *)"p",
	    .prefix = (char *)""};
	struct delivery_config config = {
	    .loop = loop, .start = &start, .started_us = 1};
	struct target target = {.tracker = (char *)"null"};
	struct delivery *d = NULL;
	struct err err = ERR_INIT;
	struct journal *j;
	char *dir;

	if (mkdtemp(state_dir) == NULL)
		die("mkdtemp");
	setenv("ITRACK_NULL", "done,...", 1);
	journal_new_attempt(attempt, clock_wall_us());
	j = journal_create(state_dir, attempt, &err);
	append_entries(j, 5);
	config.journal = j;
	ok(delivery_new(&d, &config, &target, &err) == 0,
	    "a delivery from the disk");
	delivery_kick(d);
	cursor_is(state_dir, attempt, 0, false, "just delivered");
	turn_for(1500);
	cursor_is(state_dir, attempt, 7, false, "a second later");
	append_end(j);
	delivery_kick(d);
	ok(delivery_is_settled(d), "the end is delivered");
	turn_for(1500);
	cursor_is(state_dir, attempt, 7, true, "a second after the end");
	append_entries(j, 1);
	dir = xasprintf("%s/runs/%s", state_dir, attempt);
	journal_remove(j, NULL);
	delivery_free(d);
	ok(access(dir, F_OK) < 0, "nothing is left of a journal that is gone");
	free(dir);
	journal_close(j);
	dir = xasprintf("%s/runs", state_dir);
	rmdir(dir);
	free(dir);
	dir = xasprintf("%s/.itrack-state", state_dir);
	unlink(dir);
	rmdir(state_dir);
	free(dir);
}

static void
check_refused_early(void)
{
	char attempt[ATTEMPT_SIZE];
	struct journal *j;
	struct delivery_status s;

	journal_new_attempt(attempt, clock_wall_us());
	j = journal_create(NULL, attempt, NULL);
	deliver(j, "blocked", 0, &s);
	ok(s.state == DELIVERY_BLOCKED, "refused early: state %d", s.state);
	is_int((long long)s.pending, 7, "what came later is pending");
	journal_close(j);
}

static void
check(const char *script, int64_t drain_ms, enum delivery_state state,
    int delivered, int rejected, int pending)
{
	char attempt[ATTEMPT_SIZE];
	struct journal *j;
	struct delivery_status s;

	ok(truncate(file, 0) == 0, "%s: the script begins again", script);
	journal_new_attempt(attempt, clock_wall_us());
	j = journal_create(NULL, attempt, NULL);
	append_run(j, 5);
	deliver(j, script, drain_ms, &s);
	ok(s.state == state, "%s: state %d", script, s.state);
	is_int((long long)s.delivered, delivered, "delivered");
	is_int((long long)s.rejected, rejected, "rejected");
	is_int((long long)s.pending, pending, "pending");
	is_int(lines_in_file(), delivered, "the tracker has as many");
	journal_close(j);
}

int
main(void)
{
	int fd = mkstemp(file);

	close(fd);
	setenv("ITRACK_NULL_FILE", file, 1);
	loop = loop_new();
	check("done,...", 0, DELIVERY_FINISHED, 7, 0, 0);
	check("late,...", 0, DELIVERY_FINISHED, 7, 0, 0);
	check("retry", 0, DELIVERY_FINISHED, 7, 0, 0);
	check("done,retry", 0, DELIVERY_FINISHED, 7, 0, 0);
	check("done,rejected", 0, DELIVERY_FINISHED, 6, 1, 0);
	check("done,blocked", 0, DELIVERY_BLOCKED, 0, 0, 7);
	check("blocked", 0, DELIVERY_BLOCKED, 0, 0, 7);
	check_refused_early();
	check_cursor();
	/* The last time limit: closed, opened anew, the same entries again. */
	check("done,hang", 0, DELIVERY_FINISHED, 7, 0, 0);
	check("hang", 0, DELIVERY_FINISHED, 7, 0, 0);
	check("hang", 1500, DELIVERY_GIVEN_UP, 0, 0, 7);
	check("retry,...", 1500, DELIVERY_GIVEN_UP, 0, 0, 7);
	/* Where nobody is, the time is not used up: the test would not end. */
	check("away,...", 24 * HOUR_MS, DELIVERY_GIVEN_UP, 0, 0, 7);
	check("done,away,...", 24 * HOUR_MS, DELIVERY_GIVEN_UP, 0, 0, 7);
	check("away,done", 24 * HOUR_MS, DELIVERY_FINISHED, 7, 0, 0);
	/* Where somebody is, it is, however long the failures last. */
	check("retry,retry,retry,done", HOUR_MS, DELIVERY_FINISHED, 7, 0, 0);
	check("retry,...", DRAIN_WHILE_MOVING, DELIVERY_GIVEN_UP, 0, 0, 7);
	loop_free(loop);
	unlink(file);
	return done_testing();
}
